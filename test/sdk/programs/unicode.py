"""Texts beyond ASCII through arguments, environment, logs and results."""

import os

import flyte

env = flyte.TaskEnvironment(name="unicode", env_vars={"GREETING": "grüße 👋"})


@env.task
async def größe(text: str) -> str:
    print(f"log: {text}")
    print(os.environ["GREETING"], os.environ["GIVEN"])
    return text + os.environ["GIVEN"]
