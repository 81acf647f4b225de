"""Tasks that fail until an attempt, always, or for good."""

import os

import flyte
import flyte.errors

env = flyte.TaskEnvironment(name="retries")


@env.task(retries=2)
async def third_time_lucky() -> int:
    attempt = int(os.environ["FLYTE_ATTEMPT_NUMBER"])
    print(f"attempt number {attempt}")
    if attempt < 2:
        raise ValueError(f"too early: {attempt}")
    return attempt


@env.task(retries=2)
async def never() -> int:
    raise KeyError("never")


@env.task(retries=2)
async def hopeless() -> int:
    raise flyte.errors.NonRecoverableError("hopeless from the start")


@env.task
async def catches() -> list[str]:
    """What the parent of a task that always fails can know of it."""
    try:
        await never()
    except flyte.errors.BaseRuntimeError as error:
        return [type(error).__name__, error.code, error.kind]
    return []
