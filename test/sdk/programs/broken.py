"""Tasks that end in ways that Python does not."""

import os
import signal
import sys

import flyte

env = flyte.TaskEnvironment(name="broken")


@env.task
async def leaves() -> int:
    """Ends with a failure that nobody writes down."""
    print("leaving", flush=True)
    os._exit(1)


@env.task
async def vanishes() -> int:
    """Ends as if all were well, without outputs."""
    os._exit(0)


@env.task
async def dies() -> int:
    """As the kernel kills what takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


@env.task
async def prints_binary() -> int:
    sys.stdout.buffer.write(bytes(range(256)) + b"\n")
    print("after the bytes", flush=True)
    return 1


@env.task
async def forks() -> int:
    """Leaves a child, and a daemon in a session of its own."""
    for daemon in (False, True):
        if os.fork() == 0:
            if daemon:
                os.setsid()
            os.execv("/bin/sleep", ["sleep", "300"])
    return 2


@env.task
async def calls_the_dying() -> list[str]:
    """What the parent of a task that is killed can know of it."""
    try:
        await dies()
    except flyte.errors.BaseRuntimeError as error:
        return [error.code, error.kind]
    return []
