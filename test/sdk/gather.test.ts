import { describe, expect, test } from "vitest";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, callsOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();

describe("tasks awaited together", () => {
  test("end in the order of their work and give results in the order of the calls, through one watch [sdk 4]", async () => {
    const watches = await callsOf("WatchForUpdates");
    const run = await flyteRun("gather.py", "main");
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("SUCCEEDED");
    const children = await api.children(run);
    const ends = new Map(
      children.map(({ metadata, status }) => {
        const task = metadata?.spec.case === "task" ? metadata.spec.value.id?.name : undefined;
        return [task ?? "", Number(status?.endTime?.seconds) + Number(status?.endTime?.nanos) / 1e9];
      }),
    );
    expect(new Set(ends.keys())).toEqual(new Set(["gather.slow", "gather.double", "gather.shout"]));
    expect(ends.get("gather.slow")).toBeGreaterThan(ends.get("gather.double") ?? Infinity);
    expect(ends.get("gather.slow")).toBeGreaterThan(ends.get("gather.shout") ?? Infinity);
    const { outputs } = await api.values(actionOf(run, "a0"));
    expect(outputs).toEqual({ o0: "slow", o1: 42n, o2: "HEY" });
    // A watch is counted when it ends, with the process that opened it.
    await expect.poll(() => callsOf("WatchForUpdates")).toBe(watches + 1);
  });
});
