"""A cached task, called as the root and from a parent; it leaves a mark in a file each time it truly runs."""

import pathlib

import flyte

env = flyte.TaskEnvironment(name="cached")


@env.task(cache=flyte.Cache("auto", ignored_inputs=("marks",)))
async def square(n: int, marks: str) -> int:
    with pathlib.Path(marks).open("a") as file:
        file.write("ran\n")
    return n * n


@env.task
async def main(n: int, marks: str) -> int:
    return await square(n, marks) + 1
