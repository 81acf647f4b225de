/** What an operator sees of runs without asking about any. */
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type Harness, type HarnessOptions, startApi, startDatabases } from "./harness.ts";
import { manualClock } from "./manual-clock.ts";
import { actionId, createRequest, named, runId } from "./messages.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

let databases: Awaited<ReturnType<typeof startDatabases>>;
beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.close());

async function start(options: HarnessOptions = {}): Promise<Harness> {
  const api = await startApi({ ...options, url: await databases.create() });
  onTestFinished(() => api.close());
  return api;
}

/** Resolves once `look` gives that: how soon is not what is held here. */
const comesTo = (look: () => Promise<unknown>, value: unknown): Promise<void> =>
  vi.waitFor(async () => expect(await look()).toEqual(value), { timeout: 25_000, interval: 20 });

async function figure(api: Harness, line: string): Promise<number | undefined> {
  const text = await (await fetch(`${api.baseUrl}/metrics`)).text();
  const found = text.split("\n").find((each) => each.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
}

test("the figures tell of calls, watches, promised calls, their age and the notifications' delay [runs 163]", async () => {
  const clock = manualClock();
  const api = await start({ http: true, clock });
  const notNow = (): never => {
    throw new ConnectError("not now", Code.Unavailable);
  };
  await comesTo(() => figure(api, 'flyte_run_outbox_depth{work="enqueue"}'), 0);
  // Time stands still, so what took none shows that ours was heard.
  await comesTo(() => figure(api, "flyte_listener_lag_seconds"), 0);
  expect(await figure(api, "flyte_run_outbox_age_seconds")).toBe(0);

  await api.runs.createRun(createRequest({ id: named("unwanted") }));
  await api.actions.reached("enqueued", 1);
  api.actions.onEnqueue = notNow;
  api.actions.onAbort = notNow;
  await api.runs.abortRun({ runId: runId("unwanted") });
  await api.runs.createRun(createRequest({ id: named("waits") }));
  await api.actions.reached("enqueued", 2);
  clock.advance(3_600_000);
  const depths = async (): Promise<unknown> => {
    clock.advance(15_000);
    return [
      await figure(api, 'flyte_run_outbox_depth{work="enqueue"}'),
      await figure(api, 'flyte_run_outbox_depth{work="abort"}'),
    ];
  };
  await comesTo(depths, [1, 1]);
  expect(await figure(api, "flyte_run_outbox_age_seconds")).toBeGreaterThan(3000);

  const labels = 'service="flyteidl2.workflow.RunService",method=';
  expect(await figure(api, `rpc_server_calls_total{${labels}"CreateRun",code="ok"}`)).toBe(2);
  expect(await figure(api, `rpc_server_seconds_count{${labels}"CreateRun"}`)).toBe(2);
  await api.runs.getActionDetails({ actionId: actionId("nobody") }).catch(() => undefined);
  expect(await figure(api, `rpc_server_calls_total{${labels}"GetActionDetails",code="not_found"}`)).toBe(1);

  expect(await figure(api, "flyte_run_watches")).toBe(0);
  const stop = new AbortController();
  const watch = api.runs.watchRunDetails({ runId: runId("waits") }, { signal: stop.signal })[Symbol.asyncIterator]();
  await watch.next();
  expect(await figure(api, "flyte_run_watches")).toBe(1);
  stop.abort();
  await watch.next().catch(() => undefined);
  await comesTo(() => figure(api, "flyte_run_watches"), 0);
});

test("the call that starts a run is part of the trace that the run was asked for in, however late it is made [runs 163]", async () => {
  const api = await start();
  let tries = 0;
  api.actions.onEnqueue = () => {
    tries += 1;
    if (tries === 1) throw new ConnectError("not now", Code.Unavailable);
  };
  await api.runs.createRun(createRequest({ id: named("traced") }), { headers: { traceparent } });
  await api.actions.reached("enqueued", 2);
  expect(api.actions.enqueueHeaders.map((header) => header.get("traceparent"))).toEqual([traceparent, traceparent]);
});

test.each(["", "00-zz-00f067aa0ba902b7-01", `${traceparent}\t`.repeat(1000)])(
  "what is no trace is not sent on",
  async (value) => {
    const api = await start();
    await api.runs.createRun(createRequest({ id: named("untraced") }), { headers: { traceparent: value } });
    await api.actions.reached("enqueued", 1);
    expect(api.actions.enqueueHeaders[0]?.has("traceparent")).toBe(false);
  },
);
