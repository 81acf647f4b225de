import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { codeOf } from "./codes.ts";
import { type Harness, type HarnessOptions, startApi, startDatabases } from "./harness.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { ActionPhase, actionId, createRequest, event, named, runId } from "./messages.ts";

let databases: Awaited<ReturnType<typeof startDatabases>>;
beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.close());

const open: Harness[] = [];
afterEach(async () => {
  for (const api of open.splice(0).reverse()) await api.close();
});

async function start(options: HarnessOptions = {}): Promise<Harness> {
  const api = await startApi({ ...options, url: options.url ?? (await databases.create()) });
  open.push(api);
  return api;
}

function refuse(code: Code, message = "not now"): never {
  throw new ConnectError(message, code);
}

async function statusOf(api: Harness, run: string) {
  const { details } = await api.runs.getActionDetails({ actionId: actionId(run) });
  return { phase: details?.status?.phase, result: details?.result, status: details?.status };
}

/** What a claimed row is leased for: calls may take 30 s, and 15 s more. */
const leaseMs = 45_000;

/**
 * Resolves once the outbox is empty and no abort is owed. Time passes to when the next row is due, and stands still
 * while a row is leased, that is, while a call is under way.
 */
async function settle(api: Harness, clock: ManualClock): Promise<void> {
  for (;;) {
    const due = await nextDue(api);
    if (due === undefined) return;
    const ms = due - clock.now();
    if (ms > 0 && ms !== leaseMs) clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function nextDue(api: Harness): Promise<number | undefined> {
  const [row] = await api.rows<{ due: Date | null }>(
    `SELECT min(due) AS due FROM (
       SELECT next_attempt_at AS due FROM action_outbox
       UNION ALL
       SELECT abort_next_at FROM actions WHERE abort_requested_at IS NOT NULL AND NOT EXISTS (
         SELECT 1 FROM action_outbox AS box WHERE box.run_name = actions.run_name AND box.name = actions.name)
     ) AS owed`,
  );
  return row?.due?.getTime();
}

describe("the promise to enqueue", () => {
  test("is kept once the actions service is back after thirty seconds [runs 31]", async () => {
    const clock = manualClock();
    const api = await start({ clock, random: () => 0.9 });
    const began = clock.now();
    api.actions.onEnqueue = () => (clock.now() - began < 30_000 ? refuse(Code.Unavailable) : undefined);
    await api.runs.createRun(createRequest({ id: named("patient") }));
    expect((await statusOf(api, "patient")).phase).toBe(ActionPhase.QUEUED);
    await settle(api, clock);
    expect(clock.now() - began).toBeGreaterThanOrEqual(30_000);
    expect(api.actions.enqueued.length).toBeGreaterThan(1);
    const last = api.actions.enqueued.at(-1);
    expect(new Set(api.actions.enqueued.map((request) => JSON.stringify(request.action?.actionId))).size).toBe(1);
    expect(last?.action?.actionId).toEqual(actionId("patient"));
    expect((await statusOf(api, "patient")).phase).toBe(ActionPhase.QUEUED);
  });

  test("that was kept before its answer was lost is settled by already_exists", async () => {
    const clock = manualClock();
    const api = await start({ clock });
    api.actions.onEnqueue = (before) => refuse(before === 0 ? Code.DeadlineExceeded : Code.AlreadyExists);
    await api.runs.createRun(createRequest({ id: named("lost-answer") }));
    await settle(api, clock);
    expect(api.actions.enqueued).toHaveLength(2);
    expect((await statusOf(api, "lost-answer")).phase).toBe(ActionPhase.QUEUED);
  });

  test("that is refused for good fails the run with the reason [runs 31]", async () => {
    const clock = manualClock();
    const api = await start({ clock });
    api.actions.onEnqueue = () => refuse(Code.InvalidArgument, "label team holds a slash");
    await api.runs.createRun(createRequest({ id: named("refused") }));
    await settle(api, clock);
    const { phase, result, status } = await statusOf(api, "refused");
    expect(phase).toBe(ActionPhase.FAILED);
    expect(status?.endTime).toBeDefined();
    const message = result?.case === "errorInfo" ? result.value.message : "";
    expect(message).toContain("label team holds a slash");
    expect(api.actions.enqueued).toHaveLength(1);
  });

  test("survives the process that made it", async () => {
    const first = await start({ loops: false });
    await first.runs.createRun(createRequest({ id: named("inherited") }));
    const second = await start({ url: first.url });
    await second.actions.reached("enqueued", 1);
    expect(second.actions.enqueued.map(({ action }) => action?.actionId?.run?.name)).toEqual(["inherited"]);
  });

  test("is made by one of two processes, kept once", async () => {
    const first = await start();
    const second = await start({ url: first.url });
    const names = Array.from({ length: 30 }, (_, index) => `shared-${index}`);
    await Promise.all(names.map((name) => first.runs.createRun(createRequest({ id: named(name) }))));
    await first.until("action_deliveries", async () => (await nextDue(first)) === undefined);
    const enqueued = [...first.actions.enqueued, ...second.actions.enqueued];
    expect(enqueued.map(({ action }) => action?.actionId?.run?.name ?? "").sort()).toEqual(names.sort());
  });
});

test.each(["closed", "/dev/null/inputs"])(
  "with the store down (%s) a run is refused and leaves no row [runs 34]",
  async (way) => {
    const api = await start(way === "closed" ? {} : { config: { storagePrefix: way } });
    if (way === "closed") await api.stores.close();
    for (const request of [createRequest({ id: named("no-store") }), createRequest()]) {
      expect([Code.Internal, Code.Unavailable]).toContain(await codeOf(api.runs.createRun(request)));
    }
    expect(await api.rows("SELECT 1 FROM actions")).toHaveLength(0);
    expect(await api.rows("SELECT 1 FROM action_outbox")).toHaveLength(0);
  },
);

describe("AbortRun", () => {
  async function running(api: Harness, run: string) {
    await api.runs.createRun(createRequest({ id: named(run) }));
    await api.internal.updateActionStatus({
      actionId: actionId(run),
      status: { phase: ActionPhase.RUNNING, attempts: 1 },
    });
  }

  test("marks a running run, keeps reason and end, and tells the actions service of a0 [runs 79]", async () => {
    const api = await start();
    await running(api, "stopped");
    await running(api, "default-reason");
    await api.runs.abortRun({ runId: runId("stopped"), reason: "enough" });
    await api.runs.abortRun({ runId: runId("default-reason") });
    const stopped = await statusOf(api, "stopped");
    expect(stopped.phase).toBe(ActionPhase.ABORTED);
    expect(stopped.status?.endTime).toBeDefined();
    expect(stopped.result).toMatchObject({ case: "abortInfo", value: { reason: "enough" } });
    expect((await statusOf(api, "default-reason")).result).toMatchObject({ value: { reason: "User requested abort" } });
    await api.actions.reached("aborted", 2);
    const told = api.actions.aborted.find(({ reason }) => reason === "enough");
    expect(told?.actionId).toEqual(actionId("stopped"));
  });

  test("of an unknown run is not found, of a finished one changes nothing [runs 80]", async () => {
    const api = await start();
    expect(await codeOf(api.runs.abortRun({ runId: runId("nobody") }))).toBe(Code.NotFound);
    await running(api, "done");
    await api.internal.updateActionStatus({
      actionId: actionId("done"),
      status: { phase: ActionPhase.SUCCEEDED, attempts: 1 },
    });
    const [before] = await api.rows("SELECT * FROM actions WHERE run_name = 'done'");
    await api.runs.abortRun({ runId: runId("done"), reason: "late" });
    expect(await api.rows("SELECT * FROM actions WHERE run_name = 'done'")).toEqual([before]);
    expect(api.actions.aborted).toHaveLength(0);
  });

  test.each(["SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT", "RECOVERED"] as const)(
    "and AbortAction change nothing of an action that is %s [runs 172]",
    async (final) => {
      const api = await start({ loops: false });
      await running(api, "final");
      await api.internal.updateActionStatus({ actionId: actionId("final"), status: { phase: ActionPhase[final] } });
      const [before] = await api.rows("SELECT * FROM actions WHERE run_name = 'final'");
      await api.runs.abortAction({ actionId: actionId("final"), reason: "late" });
      await api.runs.abortRun({ runId: runId("final"), reason: "late" });
      expect(await api.rows("SELECT * FROM actions WHERE run_name = 'final'")).toEqual([before]);
    },
  );

  test("that fails three times is delivered by the fourth call, within the bounds of the delays [runs 81]", async () => {
    const clock = manualClock();
    const api = await start({ clock, random: () => 0.99 });
    await running(api, "stubborn");
    await settle(api, clock);
    const times: number[] = [];
    api.actions.onAbort = (before) => {
      times.push(clock.now());
      if (before < 3) refuse(Code.Unavailable);
    };
    await api.runs.abortRun({ runId: runId("stubborn") });
    await settle(api, clock);
    expect(times).toHaveLength(4);
    const delays = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    for (const [index, delay] of delays.entries()) {
      expect(delay).toBeGreaterThan(0);
      expect(delay).toBeLessThanOrEqual(1_000 * 2 ** index);
    }
    expect(await api.rows("SELECT abort_attempt_count AS n, abort_requested_at AS t FROM actions")).toEqual([
      { n: 0, t: null },
    ]);
  });

  test("that was pending when the process ended is delivered by the next one [runs 82]", async () => {
    const first = await start();
    await running(first, "orphan");
    await first.until("action_deliveries", async () => (await nextDue(first)) === undefined);
    first.actions.onAbort = () => refuse(Code.Unavailable);
    await first.runs.abortRun({ runId: runId("orphan") });
    await first.actions.reached("aborted", 1);
    open.splice(open.indexOf(first), 1);
    await first.close();
    const second = await start({ url: first.url });
    await second.actions.reached("aborted", 1);
    expect(second.actions.aborted.map((request) => request.actionId)).toEqual([actionId("orphan")]);
  });

  test.each([
    [Code.NotFound, "no such action"],
    [Code.Internal, "taskactions.flyte.org a-a0 not found"],
  ])("answered by code %i, %j, is done [runs 83]", async (code, message) => {
    const clock = manualClock();
    const api = await start({ clock });
    await running(api, "gone");
    await settle(api, clock);
    api.actions.onAbort = () => refuse(code, message);
    await api.runs.abortRun({ runId: runId("gone") });
    await settle(api, clock);
    expect(api.actions.aborted).toHaveLength(1);
  });

  test("of a run that was never enqueued keeps it from ever starting", async () => {
    const clock = manualClock();
    const api = await start({ clock });
    api.actions.onEnqueue = () => refuse(Code.Unavailable);
    await api.runs.createRun(createRequest({ id: named("never") }));
    await api.actions.reached("enqueued", 1);
    await api.runs.abortRun({ runId: runId("never") });
    const tries = api.actions.enqueued.length;
    await settle(api, clock);
    expect(api.actions.enqueued.length).toBe(tries);
    expect((await statusOf(api, "never")).phase).toBe(ActionPhase.ABORTED);
  });
});

test("AbortAction records who aborted, and details return it [runs 134]", async () => {
  const api = await start({ loops: false });
  await api.runs.createRun(createRequest({ id: named("who") }));
  await api.internal.recordActionEvents({ events: [event("who", ActionPhase.RUNNING)] });
  const headers = { "X-Amzn-Oidc-Identity": "s-9" };
  await api.runs.abortAction({ actionId: actionId("who"), reason: "mine" }, { headers });
  const { result } = await statusOf(api, "who");
  const user = result?.case === "abortInfo" ? result.value.abortedBy?.principal : undefined;
  expect(user?.case === "user" ? user.value.id?.subject : undefined).toBe("s-9");
});
