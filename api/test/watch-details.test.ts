import { Code } from "@connectrpc/connect";
import type { ActionDetails } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import type { WatchActionDetailsResponse } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createChanges } from "../src/watches/changes.ts";
import { codeOf } from "./codes.ts";
import { type Harness, startApi } from "./harness.ts";
import { manualClock } from "./manual-clock.ts";
import { ActionPhase, actionId, addTask, createRequest, event, named, runId } from "./messages.ts";
import { type OpenStream, openStream } from "./stream.ts";

let api: Harness;
/** The same rows, by a server whose time stands still: what it shows came without any wait. */
let still: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false, http: true, config: { terminalHoldMs: 300 } });
  still = await startApi({ loops: false, http: true, url: api.url, clock: manualClock() });
});
afterAll(async () => {
  await still.close();
  await api.close();
});

const outputs = { outputUri: "mem://o/outputs.pb" };
const open: OpenStream<unknown>[] = [];

function watch(run: string, name = "a0", by = api): OpenStream<WatchActionDetailsResponse> {
  const stream = openStream((signal) => by.runs.watchActionDetails({ actionId: actionId(run, name) }, { signal }));
  open.push(stream);
  return stream;
}

async function update(run: string, phase: ActionPhase, name = "a0") {
  await api.internal.updateActionStatus({ actionId: actionId(run, name), status: { phase, attempts: 1 } });
}

async function create(run: string) {
  await api.runs.createRun(createRequest({ id: named(run) }));
}

const phaseOf = (message: { details?: ActionDetails | undefined } | undefined) => message?.details?.status?.phase;

describe("WatchActionDetails", () => {
  test("sends the whole state without a wait, and not found for an unknown action [runs 65]", async () => {
    await create("first");
    const stream = watch("first", "a0", still);
    const message = await stream.next();
    const { details } = await api.runs.getActionDetails({ actionId: actionId("first") });
    expect(message?.details).toEqual(details);
    await stream.close();
    expect(await codeOf(watch("nobody").next())).toBe(Code.NotFound);
  });

  test("sends every state, the outputs with the last one, and ends [runs 67]", async () => {
    await create("to-the-end");
    const stream = watch("to-the-end");
    expect(phaseOf(await stream.next())).toBe(ActionPhase.QUEUED);
    await update("to-the-end", ActionPhase.RUNNING);
    expect(phaseOf(await stream.next())).toBe(ActionPhase.RUNNING);
    await api.internal.recordActionEvents({ events: [event("to-the-end", ActionPhase.SUCCEEDED, { outputs })] });
    await update("to-the-end", ActionPhase.SUCCEEDED);
    const rest = await stream.rest();
    expect(phaseOf(rest.at(-1))).toBe(ActionPhase.SUCCEEDED);
    expect(rest.at(-1)?.details?.attempts.at(-1)?.outputs).toMatchObject(outputs);
  });

  test("ends by itself for traces, conditions and what was aborted before it started [runs 67]", async () => {
    await create("kinds");
    const record = (name: string, spec: Parameters<typeof api.internal.recordAction>[0]["spec"]) =>
      api.internal.recordAction({
        actionId: actionId("kinds", name),
        parent: "a0",
        inputUri: "mem://i",
        ...(spec ? { spec } : {}),
      });
    await record("trace", { case: "trace", value: { name: "demo.step" } });
    await record("condition", { case: "condition", value: { name: "demo.approve" } });
    await record("task", { case: "task", value: { spec: addTask() } });
    await update("kinds", ActionPhase.SUCCEEDED, "condition");
    await api.runs.abortAction({ actionId: actionId("kinds", "task") });
    // None of these can have an event that is still on its way, so none waits for one.
    const last = async (name: string) => phaseOf((await watch("kinds", name, still).rest()).at(-1));
    expect(await last("trace")).toBe(ActionPhase.SUCCEEDED);
    expect(await last("condition")).toBe(ActionPhase.SUCCEEDED);
    expect(await last("task")).toBe(ActionPhase.ABORTED);
  });

  test("never shows success without outputs while the event is on its way [runs 68]", async () => {
    await create("late-event");
    const stream = watch("late-event");
    await stream.next();
    await update("late-event", ActionPhase.SUCCEEDED);
    const rest = stream.rest();
    // By now the watch has heard of the row: this answer went through the same connection after it.
    await api.runs.getActionDetails({ actionId: actionId("late-event") });
    await api.internal.recordActionEvents({ events: [event("late-event", ActionPhase.SUCCEEDED, { outputs })] });
    const messages = await rest;
    expect(phaseOf(messages.at(-1))).toBe(ActionPhase.SUCCEEDED);
    for (const message of messages) {
      if (phaseOf(message) === ActionPhase.SUCCEEDED)
        expect(message.details?.attempts.at(-1)?.outputs).toMatchObject(outputs);
    }
    expect(await api.runs.getActionDataURIs({ actionId: actionId("late-event") })).toMatchObject({
      outputsUri: outputs.outputUri,
    });
  });

  test("sends a terminal row whose event never comes once its patience is over", async () => {
    await create("no-event");
    const stream = watch("no-event");
    await stream.next();
    const began = performance.now();
    await update("no-event", ActionPhase.FAILED);
    expect((await stream.rest()).map(phaseOf)).toEqual([ActionPhase.FAILED]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(290);
  });

  test("a subscriber that comes after the end gets the end", async () => {
    for (const _ of [1, 2]) {
      const messages = await watch("to-the-end").rest();
      expect(messages.map(phaseOf)).toEqual([ActionPhase.SUCCEEDED]);
    }
  });
});

describe("WatchRunDetails", () => {
  test("sends full details at once and after every change, and ends with the run [runs 69]", async () => {
    await create("run-watch");
    const stream = openStream((signal) => api.runs.watchRunDetails({ runId: runId("run-watch") }, { signal }));
    const { details } = await api.runs.getRunDetails({ runId: runId("run-watch") });
    expect((await stream.next())?.details).toEqual(details);
    await update("run-watch", ActionPhase.RUNNING);
    expect((await stream.next())?.details?.action?.status?.phase).toBe(ActionPhase.RUNNING);
    await api.internal.recordActionEvents({
      events: [event("run-watch", ActionPhase.RUNNING, { logContext: { primaryPodName: "p" } })],
    });
    expect((await stream.next())?.details?.action?.attempts[0]?.logsAvailable).toBe(true);
    await api.internal.recordActionEvents({ events: [event("run-watch", ActionPhase.SUCCEEDED, { outputs })] });
    await update("run-watch", ActionPhase.SUCCEEDED);
    const rest = await stream.rest();
    expect(rest.at(-1)?.details?.action?.status?.phase).toBe(ActionPhase.SUCCEEDED);
  });

  test("of an unknown run is not found", async () => {
    const stream = openStream((signal) => api.runs.watchRunDetails({ runId: runId("nobody") }, { signal }));
    expect(await codeOf(stream.next())).toBe(Code.NotFound);
  });
});

describe("subscriptions", () => {
  test("a change between subscription and snapshot, and one right after, are both seen [runs 66]", async () => {
    await create("between");
    const changes = createChanges(api.database);
    const subscription = await changes.actionsOf({ project: "flytesnacks", domain: "development", runName: "between" });
    await update("between", ActionPhase.INITIALIZING);
    const first = await subscription.next(AbortSignal.timeout(5_000));
    expect(first.changed.map(({ name }) => name)).toEqual(["a0"]);
    subscription.close();
    await changes.close();
    // Changes thrown at watches while they subscribe and read: each watch must end up at the last one.
    const phases = [ActionPhase.RUNNING, ActionPhase.PAUSED];
    const streams = Array.from({ length: 20 }, () => watch("between"));
    const seen = streams.map((stream) => stream.find((message) => phaseOf(message) === ActionPhase.PAUSED));
    for (const phase of phases) await update("between", phase);
    await Promise.all(seen);
    await Promise.all(streams.map((stream) => stream.close()));
  });

  test("the death of the listening connection costs no watch a change [runs 77]", async () => {
    const names = ["cut-1", "cut-2", "cut-3"];
    for (const name of names) await create(name);
    const streams = names.map((name) => watch(name));
    for (const stream of streams) await stream.next();
    await api.rows(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen%' AND pid <> pg_backend_pid()",
    );
    // It comes back by itself, after waits of a second at most.
    for (const name of names) await update(name, ActionPhase.RUNNING);
    for (const stream of streams) await stream.find((message) => phaseOf(message) === ActionPhase.RUNNING);
    await Promise.all(streams.map((stream) => stream.close()));
  });
});
