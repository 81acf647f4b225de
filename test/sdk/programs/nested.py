"""Tasks that call tasks, four deep, and fifty of one group."""

import asyncio

import flyte

env = flyte.TaskEnvironment(name="nested")


@env.task
async def d(n: int) -> int:
    await asyncio.sleep(3)
    return n + 1


@env.task
async def c(n: int) -> int:
    return await d(n) + 1


@env.task
async def b(n: int) -> int:
    return await c(n) + 1


@env.task
async def a(n: int) -> int:
    return await b(n) + 1


@env.task
async def leaf(n: int) -> int:
    await asyncio.sleep(0.5)
    return n


@env.task
async def fan(width: int) -> int:
    with flyte.group("leaves"):
        return sum(await asyncio.gather(*(leaf(n) for n in range(width))))
