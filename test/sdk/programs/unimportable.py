"""Loads where it is submitted and not where it runs."""

import os

import flyte

if "ACTION_NAME" in os.environ:
    import a_module_that_nobody_has  # noqa: F401

env = flyte.TaskEnvironment(name="unimportable")


@env.task
async def main() -> int:
    return 1
