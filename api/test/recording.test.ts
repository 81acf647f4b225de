import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { EnrichedIdentitySchema } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import { RecordActionRequestSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import type { ActionStatusSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { RunInfoSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_info";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, startApi } from "./harness.ts";
import { ActionPhase, actionId, addTask, at, event, integer } from "./messages.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false });
});
afterAll(() => api.close());

const inputUri = "mem://flyte-data/in";

async function record(run: string, over: MessageInitShape<typeof RecordActionRequestSchema> = {}) {
  return api.internal.recordAction({
    actionId: actionId(run),
    inputUri,
    spec: { case: "task", value: { spec: addTask() } },
    ...over,
  });
}

async function update(run: string, status: MessageInitShape<typeof ActionStatusSchema>) {
  const answer = await api.internal.updateActionStatus({ actionId: actionId(run), status });
  return answer.status?.code;
}

async function statusOf(run: string, name = "a0") {
  const { details } = await api.runs.getActionDetails({ actionId: actionId(run, name) });
  if (details?.status === undefined) throw new Error(`${run} has no status`);
  return details.status;
}

/** A recorded action brought to `phase` at attempt 1. */
async function actionIn(run: string, phase: ActionPhase) {
  await record(run);
  expect(await update(run, { phase, attempts: 1 })).toBe(0);
}

describe("RecordAction", () => {
  test("twice leaves the first row, and both are OK [runs 35]", async () => {
    const first = await record("twice", { group: "g" });
    const second = await record("twice", { group: "other" });
    expect([first.status?.code, second.status?.code]).toEqual([0, 0]);
    const rows = await api.rows("SELECT action_group FROM actions WHERE run_name = 'twice'");
    expect(rows).toEqual([{ action_group: "g" }]);
  });

  test("without a spec succeeds as a call and says 3 in the body [runs 36]", async () => {
    const { status, actionId: id } = await record("no-spec", { spec: { case: undefined } });
    expect(status?.code).toBe(3);
    expect(id).toEqual(actionId("no-spec"));
  });

  test("task, trace and condition rows carry their type, names and what they point to [runs 37]", async () => {
    await record("kinds");
    const condition = { name: "demo.approve", type: { type: { case: "simple" as const, value: 4 } } };
    const outputs = { outputUri: "mem://flyte-data/out.pb" };
    const trace = { name: "demo.step", phase: ActionPhase.SUCCEEDED, outputs, spec: { interface: {} } };
    await record("kinds", {
      actionId: actionId("kinds", "c"),
      parent: "a0",
      spec: { case: "condition", value: condition },
    });
    await record("kinds", { actionId: actionId("kinds", "t"), parent: "a0", spec: { case: "trace", value: trace } });
    const rows = await api.rows<{ detailed_info: Uint8Array }>(
      `SELECT name, action_type, task_name, function_name, task_short_name, environment_name, parent_action_name,
         detailed_info FROM actions WHERE run_name = 'kinds' ORDER BY name`,
    );
    expect(rows).toMatchObject([
      { name: "a0", action_type: 1, task_name: "demo.add", function_name: "demo.add", task_short_name: "add" },
      { name: "c", action_type: 3, task_name: "demo.approve", function_name: "demo.approve", parent_action_name: "a0" },
      { name: "t", action_type: 2, task_name: "demo.step", function_name: "demo.step", parent_action_name: "a0" },
    ]);
    const [task, waiting, step] = rows.map((row) => fromBinary(RunInfoSchema, row.detailed_info));
    expect([task?.taskSpecDigest !== "", task?.inputsUri]).toEqual([true, inputUri]);
    expect([waiting?.condition?.name, waiting?.taskSpecDigest]).toEqual(["demo.approve", ""]);
    expect([step?.outputsUri, step?.taskSpecDigest !== ""]).toEqual(["mem://flyte-data/out.pb", true]);
  });

  test("a trace without a phase has succeeded since its start; a failed one stays failed [runs 38]", async () => {
    const trace = { name: "demo.step", startTime: at(0), endTime: at(1_500) };
    await record("traces", { actionId: actionId("traces", "ok"), spec: { case: "trace", value: trace } });
    const failed = { ...trace, phase: ActionPhase.FAILED };
    await record("traces", { actionId: actionId("traces", "bad"), spec: { case: "trace", value: failed } });
    const status = await statusOf("traces", "ok");
    expect(status).toMatchObject({
      phase: ActionPhase.SUCCEEDED,
      startTime: at(0),
      endTime: at(1_500),
      durationMs: 1_500n,
    });
    expect((await statusOf("traces", "bad")).phase).toBe(ActionPhase.FAILED);
  });
});

describe("UpdateActionStatus", () => {
  test("moves a row forward one phase after the other, each to be seen [runs 39]", async () => {
    await record("forward");
    const { QUEUED, WAITING_FOR_RESOURCES, INITIALIZING, RUNNING, SUCCEEDED } = ActionPhase;
    for (const phase of [QUEUED, WAITING_FOR_RESOURCES, INITIALIZING, RUNNING, SUCCEEDED]) {
      expect(await update("forward", { phase, attempts: 1 })).toBe(0);
      expect((await statusOf("forward")).phase).toBe(phase);
    }
  });

  test("backward leaves the row and is OK [runs 40]", async () => {
    await actionIn("backward", ActionPhase.RUNNING);
    const before = await statusOf("backward");
    expect(await update("backward", { phase: ActionPhase.WAITING_FOR_RESOURCES, attempts: 1 })).toBe(0);
    expect(await statusOf("backward")).toEqual(before);
  });

  test("of an unknown action says not found in the body", async () => {
    expect(await update("nobody", { phase: ActionPhase.RUNNING })).toBe(5);
  });

  test.each([0, 11, 99])("to phase %i says invalid argument in the body", async (phase) => {
    await record("odd-phase");
    expect(await update("odd-phase", { phase })).toBe(3);
  });

  test("to a terminal phase without an end takes now as the end [runs 41]", async () => {
    await record("ended");
    const before = Date.now();
    await update("ended", { phase: ActionPhase.SUCCEEDED, attempts: 1 });
    const { endTime, durationMs } = await statusOf("ended");
    expect(Number(endTime?.seconds)).toBeGreaterThanOrEqual(Math.floor(before / 1000));
    expect(durationMs).toBeGreaterThanOrEqual(0n);
  });

  test("an earlier start lowers the start and lengthens the duration, a later one changes nothing [runs 42]", async () => {
    await record("starts");
    await update("starts", { phase: ActionPhase.RUNNING, startTime: at(0) });
    expect((await statusOf("starts")).startTime).toEqual(at(0));
    await update("starts", { phase: ActionPhase.SUCCEEDED, startTime: at(60_000), endTime: at(90_000) });
    expect(await statusOf("starts")).toMatchObject({ startTime: at(0), durationMs: 90_000n });
  });

  test.each(["RUNNING", "SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"] as const)(
    "takes a paused action to %s [runs 43]",
    async (next) => {
      const run = `paused-${next.toLowerCase()}`;
      await actionIn(run, ActionPhase.PAUSED);
      await update(run, { phase: ActionPhase[next], attempts: 1 });
      expect((await statusOf(run)).phase).toBe(ActionPhase[next]);
    },
  );

  test("never takes a paused action back to the queue [runs 43]", async () => {
    await actionIn("paused-queued", ActionPhase.PAUSED);
    await update("paused-queued", { phase: ActionPhase.QUEUED, attempts: 1 });
    expect((await statusOf("paused-queued")).phase).toBe(ActionPhase.PAUSED);
  });

  test.each(["SUCCEEDED", "ABORTED", "RECOVERED"] as const)("never takes %s anywhere else [runs 44]", async (final) => {
    const run = `final-${final.toLowerCase()}`;
    await actionIn(run, ActionPhase[final]);
    for (let phase = 1; phase <= 10; phase += 1) {
      expect(await update(run, { phase, attempts: 1 })).toBe(0);
      expect(await update(run, { phase, attempts: 2 })).toBe(0);
    }
    expect((await statusOf(run)).phase).toBe(ActionPhase[final]);
  });

  test("a failed attempt gives way to the next one, which clears the end, and not to itself [runs 45]", async () => {
    await actionIn("retried", ActionPhase.FAILED);
    await update("retried", { phase: ActionPhase.RUNNING, attempts: 1 });
    expect((await statusOf("retried")).phase).toBe(ActionPhase.FAILED);
    await update("retried", { phase: ActionPhase.RUNNING, attempts: 2 });
    const status = await statusOf("retried");
    expect(status).toMatchObject({ phase: ActionPhase.RUNNING, attempts: 2 });
    expect([status.endTime, status.durationMs]).toEqual([undefined, undefined]);
  });

  test("with attempts 0 leaves the attempts, with cache status 0 the cache status [runs 46]", async () => {
    await record("attempts");
    await update("attempts", { phase: ActionPhase.RUNNING, attempts: 3, cacheStatus: 2 });
    await update("attempts", { phase: ActionPhase.RUNNING });
    expect(await statusOf("attempts")).toMatchObject({ attempts: 3, cacheStatus: 2 });
  });

  test("keeps a condition's value and who gave it beside the rest of its record [runs 47]", async () => {
    const condition = { name: "demo.approve", prompt: "sure?" };
    await record("signalled", { spec: { case: "condition", value: condition } });
    const principal = create(EnrichedIdentitySchema, {
      principal: { case: "user", value: { id: { subject: "s-1" } } },
    });
    const status = { phase: ActionPhase.SUCCEEDED, attempts: 1 };
    await api.internal.updateActionStatus({ actionId: actionId("signalled"), status, output: integer(7), principal });
    const { details } = await api.runs.getActionDetails({ actionId: actionId("signalled") });
    expect(details?.result).toMatchObject({
      case: "signalInfo",
      value: { output: integer(7), signalledBy: principal },
    });
    expect(details?.spec).toMatchObject({ case: "condition", value: { prompt: "sure?" } });
    const { inputsUri } = await api.runs.getActionDataURIs({ actionId: actionId("signalled") });
    expect(inputsUri).toBe(inputUri);
  });
});

describe("RecordActionEvents", () => {
  test("12 000 events delivered twice are 12 000 rows [runs 48]", async () => {
    const events = Array.from({ length: 12_000 }, (_, version) => event("many", ActionPhase.RUNNING, { version }));
    for (const _ of [1, 2]) {
      const { status } = await api.internal.recordActionEvents({ events });
      expect(status?.code).toBe(0);
    }
    const rows = await api.rows("SELECT count(*)::int AS events FROM action_events WHERE run_name = 'many'");
    expect(rows).toEqual([{ events: 12_000 }]);
  });

  test("events alone never change the row's phase [runs 49]", async () => {
    await record("events-only");
    await api.internal.recordActionEvents({ events: [event("events-only", ActionPhase.SUCCEEDED)] });
    expect((await statusOf("events-only")).phase).toBe(ActionPhase.QUEUED);
  });

  test("without events, or with one of attempt 0, says invalid argument and stores nothing", async () => {
    expect((await api.internal.recordActionEvents({ events: [] })).status?.code).toBe(3);
    const events = [event("bad-batch", ActionPhase.RUNNING), event("bad-batch", ActionPhase.RUNNING, { attempt: 0 })];
    expect((await api.internal.recordActionEvents({ events })).status?.code).toBe(3);
    expect(await api.rows("SELECT 1 FROM action_events WHERE run_name = 'bad-batch'")).toHaveLength(0);
  });
});
