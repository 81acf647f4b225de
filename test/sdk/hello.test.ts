import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { describe, expect, test } from "vitest";
import { flyteRun, python } from "./flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();

describe("hello", () => {
  test("maps a task over a list: ten children of one group, each once, and the mean as output [sdk 1]", async () => {
    const run = await flyteRun("hello.py", "main");
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    expect(root.status?.attempts).toBe(1);
    const children = await api.children(run);
    expect(children).toHaveLength(10);
    expect(new Set(children.map(({ id }) => id?.name)).size).toBe(10);
    for (const child of children) {
      expect(phaseName(phaseOf(child))).toBe("SUCCEEDED");
      expect(child.status?.attempts).toBe(1);
      expect(child.metadata?.parent).toBe("a0");
      expect(child.metadata?.group).toBe("hello.line_map");
    }
    const { inputs, outputs } = await api.values(actionOf(run, "a0"));
    expect(outputs).toEqual({ o0: 16 });
    expect(inputs).toEqual({ xs: Array.from({ length: 10 }, (_, index) => BigInt(index + 1)) });
    const values = await Promise.all(children.map((child) => api.values(idOf(child))));
    expect(new Set(values.map((value) => value.outputs["o0"]))).toEqual(
      new Set(Array.from({ length: 10 }, (_, index) => BigInt(2 * (index + 1) + 5))),
    );
    const log = await api.log(actionOf(run, "a0"));
    expect(log).toContain("10 points\n");
    expect(log.filter((line) => !line.endsWith("\n"))).toEqual([]);
  });

  test("a plain nested call is one child, whose line is printed once [sdk 1]", async () => {
    const run = await flyteRun("hello.py", "main2");
    expect(phaseOf(await api.details(actionOf(run, "a0")))).not.toBe(ActionPhase.SUCCEEDED);
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    const [child, ...more] = await api.children(run);
    expect(more).toEqual([]);
    expect(child?.metadata?.group).toBe("");
    expect(await api.values(actionOf(run, "a0"))).toEqual({ inputs: { x: 3n }, outputs: { o0: 11n } });
    expect((await api.log(actionOf(run, "a0"))).filter((line) => line === "calling once\n")).toHaveLength(1);
    expect((await api.log(idOf(child))).filter((line) => line === "line at 3\n")).toHaveLength(1);
  });
});

describe("a user's own script", () => {
  test("waits for a run and reads its outputs", async () => {
    const { code, output } = await python(["launch.py", "hello", "main2", "{}", '{"x": 4}', "wait"]);
    expect(code, output).toBe(0);
    expect(output).toContain("Phase: ActionPhase.SUCCEEDED");
    expect(output).toContain("Outputs: [13]");
  });
});
