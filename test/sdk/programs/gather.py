"""Three different tasks awaited together, the first of them the slowest."""

import asyncio
import time

import flyte

env = flyte.TaskEnvironment(name="gather")


@env.task
async def slow(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "slow"


@env.task
async def double(n: int) -> int:
    return 2 * n


@env.task
def shout(word: str) -> str:
    return word.upper()


@env.task
async def main(seconds: float = 3.0) -> tuple[str, int, str]:
    first, second, third = await asyncio.gather(slow(seconds), double(21), shout.aio("hey"))
    return first, second, third
