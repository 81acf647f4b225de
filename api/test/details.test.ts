import { type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { RecordActionRequestSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import { type ActionEvent, ErrorInfo_Kind } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf } from "./codes.ts";
import { type Harness, startApi } from "./harness.ts";
import { ActionPhase, actionId, addTask, at, createRequest, event, named, runId } from "./messages.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false });
});
afterAll(() => api.close());

async function record(run: string, over: MessageInitShape<typeof RecordActionRequestSchema> = {}) {
  const spec = { case: "task" as const, value: { spec: addTask() } };
  await api.internal.recordAction({
    actionId: actionId(run),
    inputUri: "mem://flyte-data/in/inputs.pb",
    spec,
    ...over,
  });
}

async function update(run: string, phase: ActionPhase, attempts = 1) {
  await api.internal.updateActionStatus({ actionId: actionId(run), status: { phase, attempts } });
}

async function store(...events: ActionEvent[]) {
  const { status } = await api.internal.recordActionEvents({ events });
  expect(status?.code).toBe(0);
}

async function detailsOf(run: string) {
  const { details } = await api.runs.getActionDetails({ actionId: actionId(run) });
  if (details === undefined) throw new Error(`${run} has no details`);
  return details;
}

test("details of an unknown run or action are not found [runs 51]", async () => {
  expect(await codeOf(api.runs.getRunDetails({ runId: runId("nobody") }))).toBe(Code.NotFound);
  expect(await codeOf(api.runs.getActionDetails({ actionId: actionId("nobody") }))).toBe(Code.NotFound);
});

test("details answer with the identifier of the request, whatever its org", async () => {
  await api.runs.createRun(createRequest({ id: named("orgs") }));
  const answers = await Promise.all(
    ["", "acme"].map((org) => api.runs.getActionDetails({ actionId: actionId("orgs", "a0", { org }) })),
  );
  expect(answers.map(({ details }) => details?.id?.run?.org)).toEqual(["", "acme"]);
  const [plain, acme] = answers.map(({ details }) => ({ ...details, id: undefined }));
  expect(acme).toEqual(plain);
  const runs = await Promise.all(["", "acme"].map((org) => api.runs.getRunDetails({ runId: runId("orgs", { org }) })));
  expect(runs[1]).toEqual(runs[0]);
});

describe("attempts", () => {
  test("interleaved events of two attempts become two entries in order [runs 52]", async () => {
    await record("merged");
    const { QUEUED, RUNNING, FAILED, SUCCEEDED } = ActionPhase;
    const log = (name: string, uri: string) => ({ name, uri });
    await store(
      event("merged", SUCCEEDED, { attempt: 2, updatedTime: at(9_000), outputs: { outputUri: "mem://o/outputs.pb" } }),
      event("merged", QUEUED, { updatedTime: at(1_000), logInfo: [log("b", "old")] }),
      event("merged", QUEUED, { attempt: 2, updatedTime: at(6_000) }),
      event("merged", RUNNING, { updatedTime: at(2_000), logInfo: [log("b", "new"), log("a", "1")] }),
      event("merged", RUNNING, { attempt: 2, updatedTime: at(7_000), outputs: { reportUri: "mem://o/report.html" } }),
      event("merged", FAILED, { updatedTime: at(5_000), errorInfo: { message: "boom", kind: ErrorInfo_Kind.USER } }),
    );
    const { attempts } = await detailsOf("merged");
    expect(attempts).toMatchObject([
      {
        attempt: 1,
        phase: FAILED,
        startTime: at(1_000),
        endTime: at(5_000),
        errorInfo: { message: "boom" },
        logInfo: [log("a", "1"), log("b", "new")],
        phaseTransitions: [
          { phase: QUEUED, startTime: at(1_000), endTime: at(2_000) },
          { phase: RUNNING, startTime: at(2_000), endTime: at(5_000) },
          { phase: FAILED, startTime: at(5_000), endTime: at(5_000) },
        ],
      },
      {
        attempt: 2,
        phase: SUCCEEDED,
        startTime: at(6_000),
        endTime: at(9_000),
        outputs: { outputUri: "mem://o/outputs.pb", reportUri: "mem://o/report.html" },
      },
    ]);
  });

  test("an attempt that another one followed has failed, ends there and keeps its error", async () => {
    await record("superseded");
    await store(
      event("superseded", ActionPhase.RUNNING, { updatedTime: at(1_000), errorInfo: { message: "lost node" } }),
      event("superseded", ActionPhase.QUEUED, { attempt: 2, updatedTime: at(4_000) }),
    );
    const { attempts } = await detailsOf("superseded");
    expect(attempts[0]).toMatchObject({
      phase: ActionPhase.FAILED,
      endTime: at(4_000),
      errorInfo: { message: "lost node" },
    });
    expect(attempts[1]?.endTime).toBeUndefined();
  });

  test("of an attempt with thousands of events the first and the last are shown", async () => {
    await record("chatty");
    const events = Array.from({ length: 2_000 }, (_, version) =>
      event("chatty", ActionPhase.RUNNING, { version, updatedTime: at(version), clusterEvents: [{ count: version }] }),
    );
    await store(...events, event("chatty", ActionPhase.SUCCEEDED, { updatedTime: at(5_000) }));
    const [attempt] = (await detailsOf("chatty")).attempts;
    expect(attempt).toMatchObject({ phase: ActionPhase.SUCCEEDED, startTime: at(0), endTime: at(5_000) });
    expect(attempt?.clusterEvents).toHaveLength(499);
  });
});

describe("results", () => {
  test("a failed action shows the last attempt's error, an aborted one its reason [runs 53]", async () => {
    await record("failed");
    await store(
      event("failed", ActionPhase.FAILED, { errorInfo: { message: "first", kind: ErrorInfo_Kind.SYSTEM } }),
      event("failed", ActionPhase.FAILED, { attempt: 2, errorInfo: { message: "boom", kind: ErrorInfo_Kind.USER } }),
    );
    await update("failed", ActionPhase.FAILED, 2);
    expect((await detailsOf("failed")).result).toMatchObject({
      case: "errorInfo",
      value: { message: "boom", kind: ErrorInfo_Kind.USER },
    });
    await record("aborted");
    await api.runs.abortAction({ actionId: actionId("aborted"), reason: "enough" });
    expect((await detailsOf("aborted")).result).toMatchObject({ case: "abortInfo", value: { reason: "enough" } });
  });

  test("an error of an earlier attempt is not the error of the action", async () => {
    await record("stale-error");
    await store(event("stale-error", ActionPhase.FAILED, { errorInfo: { message: "first" } }));
    await update("stale-error", ActionPhase.FAILED, 2);
    expect((await detailsOf("stale-error")).result.case).toBeUndefined();
  });
});

test("the spec is found by its digest, and in the row once the specs are gone [runs 54]", async () => {
  await record("digest", { spec: { case: "task", value: { spec: addTask({ shortName: "by-digest" }) } } });
  const expected = { case: "task", value: { shortName: "by-digest" } };
  await api.database.query({ text: "UPDATE actions SET action_spec = NULL WHERE run_name = 'digest'" });
  expect((await detailsOf("digest")).spec).toMatchObject(expected);
  await record("fallback", { spec: { case: "task", value: { spec: addTask({ shortName: "by-digest" }) } } });
  await api.database.query({ text: "DELETE FROM task_specs" });
  expect((await detailsOf("fallback")).spec).toMatchObject(expected);
});

describe("GetActionDataURIs", () => {
  const inputsUri = "mem://flyte-data/in/inputs.pb";
  const urisOf = (run: string, name = "a0") => api.runs.getActionDataURIs({ actionId: actionId(run, name) });

  test("gives inputs always, outputs once the action has succeeded [runs 55]", async () => {
    for (const run of ["running", "succeeded", "recovered", "broken"]) await record(run);
    const outputs = { outputUri: "mem://o/outputs.pb" };
    for (const run of ["running", "succeeded", "recovered", "broken"]) {
      await store(event(run, ActionPhase.SUCCEEDED, { outputs }));
    }
    await update("running", ActionPhase.RUNNING);
    await update("succeeded", ActionPhase.SUCCEEDED);
    await update("recovered", ActionPhase.RECOVERED);
    await update("broken", ActionPhase.FAILED);
    expect(await urisOf("running")).toMatchObject({ inputsUri, outputsUri: "" });
    expect(await urisOf("broken")).toMatchObject({ inputsUri, outputsUri: "" });
    expect(await urisOf("succeeded")).toMatchObject({ inputsUri, outputsUri: outputs.outputUri });
    expect(await urisOf("recovered")).toMatchObject({ inputsUri, outputsUri: outputs.outputUri });
    const trace = { name: "demo.step", outputs: { outputUri: "mem://o/trace.pb" } };
    await record("running", {
      actionId: actionId("running", "t"),
      parent: "a0",
      spec: { case: "trace", value: trace },
    });
    expect(await urisOf("running", "t")).toMatchObject({ outputsUri: "mem://o/trace.pb" });
  });

  test("is not found for an unknown action and for a success whose outputs nobody recorded", async () => {
    expect(await codeOf(urisOf("nobody"))).toBe(Code.NotFound);
    await record("no-outputs");
    await update("no-outputs", ActionPhase.SUCCEEDED);
    expect(await codeOf(urisOf("no-outputs"))).toBe(Code.NotFound);
  });

  test("of a resolved condition answers with empty outputs", async () => {
    await record("resolved", { spec: { case: "condition", value: { name: "c" } } });
    await update("resolved", ActionPhase.SUCCEEDED);
    expect(await urisOf("resolved")).toMatchObject({ inputsUri, outputsUri: "" });
  });
});

describe("GetActionLogContext", () => {
  test("is the newest context of the attempt even if later events have none [runs 56]", async () => {
    await record("logs");
    const context = (primaryPodName: string) => ({ primaryPodName });
    await store(
      event("logs", ActionPhase.QUEUED, { logContext: context("old") }),
      event("logs", ActionPhase.RUNNING, { logContext: context("new"), cluster: "c-1" }),
      event("logs", ActionPhase.SUCCEEDED, { cluster: "c-1" }),
    );
    const answer = await api.runs.getActionLogContext({ actionId: actionId("logs"), attempt: 1 });
    expect(answer).toMatchObject({
      logContext: context("new"),
      cluster: "c-1",
      startTime: at(1_000),
      endTime: at(5_000),
    });
  });

  test("of attempt 0 is an invalid argument, of one without a context not found [runs 56]", async () => {
    await record("no-logs");
    await store(event("no-logs", ActionPhase.RUNNING));
    const ask = (attempt: number) => api.runs.getActionLogContext({ actionId: actionId("no-logs"), attempt });
    expect(await codeOf(ask(0))).toBe(Code.InvalidArgument);
    expect(await codeOf(ask(1))).toBe(Code.NotFound);
    expect(await codeOf(ask(2))).toBe(Code.NotFound);
  });
});
