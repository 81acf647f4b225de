"""What the figures are measured on: a run of three actions, calls of a cached task one after the other, a wide map."""

import asyncio
import time

import flyte

env = flyte.TaskEnvironment(name="figures")


@env.task
async def step(n: int) -> int:
    return n + 1


@env.task
async def three(n: int) -> int:
    return await step(await step(n))


@env.task(cache="auto")
async def remembered(n: int) -> int:
    return -n


@env.task
async def hits(count: int) -> list[float]:
    """How many milliseconds each call of a cached task took once all were cached."""
    await asyncio.gather(*(remembered(n) for n in range(count)))
    took = []
    for n in range(count):
        started = time.monotonic()
        await remembered(n)
        took.append((time.monotonic() - started) * 1000)
    return took


@env.task
def many(count: int) -> int:
    return sum(flyte.map(step, range(count)))
