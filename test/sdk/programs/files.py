"""Files and directories in and out of tasks."""

import pathlib

import flyte
from flyte.io import Dir, File

env = flyte.TaskEnvironment(name="files")


@env.task
async def upper(source: File) -> File:
    async with source.open("rb") as stream:
        text = bytes(await stream.read()).decode()
    target = pathlib.Path("größer.txt")
    target.write_text(text.upper(), encoding="utf-8")
    return await File.from_local(target)


@env.task
async def read(source: File) -> str:
    path = await source.download()
    return pathlib.Path(path).read_text(encoding="utf-8")


@env.task
async def through(source: File) -> str:
    return await read(await upper(source))


@env.task
async def tree() -> Dir:
    root = pathlib.Path("tree")
    for name in ["a.txt", "sub/b.txt", "sub/deeper/ç.txt"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"content of {name}", encoding="utf-8")
    return await Dir.from_local(str(root))


@env.task
async def names(source: Dir) -> list[str]:
    path = pathlib.Path(await source.download())
    return sorted(
        f"{file.relative_to(path)}={file.read_text(encoding='utf-8')}" for file in path.rglob("*") if file.is_file()
    )


@env.task
async def grown() -> list[str]:
    return await names(await tree())
