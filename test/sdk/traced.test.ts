import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ActionType } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();

describe("traced calls", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(inject("sdkHome"), "traced-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("are actions with phase and times, do not stall, and are replayed by the next attempt [sdk 12]", async () => {
    const marks = join(folder, "marks");
    const run = await flyteRun("traced.py", "main", { inputs: ["--marks", marks] });
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    expect(root.attempts).toHaveLength(2);
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: 20n });
    // A stalled call would cost a minute.
    expect(Number(root.status?.durationMs)).toBeLessThan(50_000);

    const traces = await api.children(run);
    const told = traces.map((trace) => {
      expect(trace.metadata?.actionType).toBe(ActionType.TRACE);
      const { startTime, endTime } = trace.status ?? {};
      expect(startTime?.seconds).toBeGreaterThan(0n);
      expect(endTime?.seconds).toBeGreaterThanOrEqual(startTime?.seconds ?? 0n);
      const name = trace.metadata?.spec.case === "trace" ? trace.metadata.spec.value.name : "";
      return [name.split(".").at(-1), phaseName(phaseOf(trace))];
    });
    expect(new Map(told as [string, string][])).toEqual(
      new Map([
        ["gentle", "SUCCEEDED"],
        ["plain", "SUCCEEDED"],
        ["failing", "FAILED"],
      ]),
    );
    const ran = (await readFile(marks, "utf8")).trim().split("\n");
    expect(ran.filter((name) => name === "gentle")).toHaveLength(1);
    expect(ran.filter((name) => name === "plain")).toHaveLength(1);
  });
});
