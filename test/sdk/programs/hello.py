"""A mean over a mapped function, and one plain nested call."""

import flyte

env = flyte.TaskEnvironment(name="hello")


@env.task
def line(x: int) -> int:
    print(f"line at {x}")
    return 2 * x + 5


@env.task
def main(xs: list[int] = list(range(1, 11))) -> float:
    ys = list(flyte.map(line, xs))
    print(f"{len(ys)} points")
    return sum(ys) / len(ys)


@env.task
def main2(x: int = 3) -> int:
    print("calling once")
    return line(x)
