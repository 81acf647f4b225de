import { type ActionIdentifier, type RunIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { describe, expect, test } from "vitest";
import { processesNaming } from "../e2e/server-process.ts";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, callsOf, idOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();
const patience = { timeout: 60_000, interval: 250 };

/** Waits until `count` children run and have printed. */
async function sleeping(run: RunIdentifier, count: number): Promise<readonly ActionIdentifier[]> {
  await expect
    .poll(async () => {
      const children = await api.children(run);
      return children.filter((child) => phaseOf(child) === ActionPhase.RUNNING).length;
    }, patience)
    .toBe(count);
  expect(await processesNaming(run.name)).not.toEqual([]);
  return (await api.children(run)).map(idOf);
}

/** The tasks' processes carry the run's name in their arguments' paths. */
async function noProcessIsLeft(run: RunIdentifier): Promise<void> {
  await expect.poll(() => processesNaming(run.name), patience).toEqual([]);
}

describe("abort", () => {
  test("of a run ends it with all its children, with the reason, and leaves no process [sdk 11]", async () => {
    const run = await flyteRun("abort.py", "three");
    const children = await sleeping(run, 3);
    await api.runs.abortRun({ runId: run, reason: "enough of it" });
    for (const action of [actionOf(run, "a0"), ...children]) {
      const ended = await api.until(action, (details) => (details.status?.phase ?? 0) >= ActionPhase.SUCCEEDED);
      expect(phaseName(phaseOf(ended))).toBe("ABORTED");
      expect(ended.result.case).toBe("abortInfo");
      expect(ended.result.case === "abortInfo" && ended.result.value.reason).toContain("enough of it");
    }
    await noProcessIsLeft(run);
    await api.runs.abortRun({ runId: run, reason: "again" });
  });

  test("of one child is what its parent sees [sdk 11]", async () => {
    const run = await flyteRun("abort.py", "sees_abort");
    const [child] = await sleeping(run, 1);
    await api.runs.abortAction({ actionId: child, reason: "this one only" });
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("SUCCEEDED");
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: "ActionAbortedError" });
    const ended = await api.details(child ?? actionOf(run, "none"));
    expect(phaseName(phaseOf(ended))).toBe("ABORTED");
    expect(ended.result.case === "abortInfo" && ended.result.value.reason).toContain("this one only");
    await noProcessIsLeft(run);
  });

  test("comes too when a parent cancels its call, and the parent goes on [sdk 11]", async () => {
    const aborts = await callsOf("Abort");
    const run = await flyteRun("abort.py", "cancels");
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("SUCCEEDED");
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: "cancelled" });
    const [child, ...others] = await api.children(run);
    expect(others).toEqual([]);
    expect(await callsOf("Abort")).toBe(aborts + 1);
    const ended = await api.until(idOf(child), (details) => (details.status?.phase ?? 0) >= ActionPhase.SUCCEEDED);
    expect(phaseName(phaseOf(ended))).toBe("ABORTED");
    await noProcessIsLeft(run);
  });
});
