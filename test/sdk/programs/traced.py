"""Traced calls, replayed by a second attempt. Each call that truly runs leaves a mark in a file."""

import os
import pathlib

import flyte

env = flyte.TaskEnvironment(name="traced")


def mark(marks: str, name: str) -> None:
    with pathlib.Path(marks).open("a") as file:
        file.write(f"{name}\n")


@flyte.trace
async def gentle(marks: str, n: int) -> int:
    mark(marks, "gentle")
    return n + 1


@flyte.trace
def plain(marks: str, n: int) -> int:
    mark(marks, "plain")
    return n * 10


@flyte.trace
async def failing(marks: str) -> int:
    mark(marks, "failing")
    raise ValueError("this call fails")


@env.task(retries=1)
async def main(marks: str) -> int:
    first = await gentle(marks, 1)
    second = plain(marks, first)
    try:
        await failing(marks)
    except ValueError:
        print("the third call failed")
    if os.environ["FLYTE_ATTEMPT_NUMBER"] == "0":
        raise RuntimeError("once more")
    return second
