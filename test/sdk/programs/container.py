"""Raw containers: programs of the machine, fed and read by copilot."""

import flyte
from flyte.extras import ContainerTask
from flyte.io import File

count = ContainerTask(
    name="count",
    image="none:local",
    inputs={"word": str, "text": File},
    outputs={"times": int, "lines": File},
    input_data_dir="/var/inputs",
    output_data_dir="/var/outputs",
    command=[
        "/bin/sh",
        "-c",
        'grep -c "$0" /var/inputs/text > /var/outputs/times; grep "$0" /var/inputs/text > /var/outputs/lines',
        "{{.inputs.word}}",
    ],
)

refuses = ContainerTask(
    name="refuses",
    image="none:local",
    inputs={"word": str},
    outputs={"times": int},
    input_data_dir="/var/inputs",
    output_data_dir="/var/outputs",
    command=["/bin/sh", "-c", "echo 'the word is not to my taste' > /var/outputs/_ERROR"],
)

missing = ContainerTask(
    name="missing",
    image="none:local",
    retries=2,
    inputs={"word": str},
    outputs={"times": int},
    input_data_dir="/var/inputs",
    output_data_dir="/var/outputs",
    command=["no-such-tool-anywhere", "{{.inputs.word}}"],
)

tools = flyte.TaskEnvironment.from_task("tools", count, refuses, missing)
env = flyte.TaskEnvironment(name="container", depends_on=[tools])


@env.task
async def main(word: str, text: File) -> tuple[int, File]:
    times, lines = await count(word=word, text=text)
    return times, lines


@env.task
async def refused() -> int:
    return await refuses(word="any")


@env.task
async def toolless() -> int:
    return await missing(word="any")
