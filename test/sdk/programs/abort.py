"""Tasks that would sleep for ever."""

import asyncio

import flyte
import flyte.errors

env = flyte.TaskEnvironment(name="abort")


@env.task
async def sleeper(n: int) -> int:
    print(f"sleeper {n} sleeps", flush=True)
    await asyncio.sleep(3600)
    return n


@env.task
async def three() -> list[int]:
    return list(await asyncio.gather(sleeper(1), sleeper(2), sleeper(3)))


@env.task
async def sees_abort() -> str:
    try:
        await sleeper(1)
    except flyte.errors.ActionAbortedError as error:
        return type(error).__name__
    return "slept"


@env.task
async def cancels() -> str:
    call = asyncio.create_task(sleeper(1))
    await asyncio.sleep(8)
    call.cancel()
    try:
        await call
    except asyncio.CancelledError:
        return "cancelled"
    return "slept"
