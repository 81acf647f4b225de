"""Nothing but a bundle of its own, for the test that takes it away."""

import flyte

env = flyte.TaskEnvironment(name="bundled")


@env.task
async def main() -> int:
    return 1
