/** What holds for every method: empty messages, missing identifiers, any org. */
import {
  create,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type Harness, startApi } from "./harness.ts";
import { manualClock } from "./manual-clock.ts";
import { ActionPhase, actionId, addTask, at, createRequest, domain, event, project, runId } from "./messages.ts";
import { openStream } from "./stream.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false, http: true });
});
afterAll(() => api.close());

async function call(method: DescMethod, input: Record<string, unknown> = {}): Promise<Code | "ok"> {
  try {
    if (isUnary(method)) {
      await api.transport.unary(method, undefined, 5_000, undefined, create(method.input, input));
    } else {
      const message = create(method.input, input);
      const messages = (async function* () {
        yield message;
      })();
      const stop = new AbortController();
      const answer = await api.transport.stream(
        method as DescMethodServerStreaming,
        stop.signal,
        undefined,
        undefined,
        messages,
      );
      for await (const _ of answer.message) break;
      stop.abort();
    }
    return "ok";
  } catch (error) {
    return ConnectError.from(error).code;
  }
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function methodsOf(service: DescService): readonly DescMethod[] {
  return service.methods.filter(({ methodKind }) => methodKind !== "bidi_streaming");
}

test("every method answers an empty message with a Connect error or a defined success, and the server lives on", async () => {
  const answers = new Map<string, Code | "ok">();
  for (const { service } of api.service.rpc) {
    for (const method of methodsOf(service)) answers.set(`${service.name}.${method.name}`, await call(method));
  }
  const allowed = [Code.InvalidArgument, Code.Unimplemented, Code.Unauthenticated, "ok"];
  expect([...answers].filter(([, answer]) => !allowed.includes(answer))).toEqual([]);
  const successes = [...answers].filter(([, answer]) => answer === "ok").map(([name]) => name);
  expect(successes.sort()).toEqual([
    "AuthMetadataService.GetPublicClientConfig",
    "InternalRunService.RecordAction",
    "InternalRunService.RecordActionEvents",
    "InternalRunService.UpdateActionStatus",
    "ProjectService.ListProjects",
    "RunService.ListRuns",
    "TaskService.ListTasks",
  ]);
});

describe("a request of RunService that lacks a part of its identifier", () => {
  const halves = [{ project: "" }, { domain: "" }, { name: "" }];
  const runs = halves.map((half) => ({ ...runId("r"), ...half }));
  const actions = [...runs.map((run) => ({ run, name: "a0" })), { run: runId("r"), name: "" }, { name: "a0" }];
  const fields: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
    CreateRun: runs.map((value) => createRequest({ id: { case: "runId", value } })),
    AbortRun: runs.map((id) => ({ runId: id })),
    GetRunDetails: runs.map((id) => ({ runId: id })),
    WatchRunDetails: runs.map((id) => ({ runId: id })),
    ListActions: runs.map((id) => ({ runId: id })),
    WatchActions: runs.map((id) => ({ runId: id })),
    AbortAction: actions.map((id) => ({ actionId: id })),
    GetActionDetails: actions.map((id) => ({ actionId: id })),
    WatchActionDetails: actions.map((id) => ({ actionId: id })),
    GetActionDataURIs: actions.map((id) => ({ actionId: id })),
    GetActionLogContext: actions.map((id) => ({ actionId: id, attempt: 1 })),
    GetActionData: actions.map((id) => ({ actionId: id })),
    WatchClusterEvents: [...actions.map((id) => ({ id, attempt: 1 })), { id: actionId("r"), attempt: 0 }],
    WatchGroups: [
      ...[{ name: "" }, { domain: "" }].map((half) => ({
        scopeBy: { case: "projectId", value: { name: project, domain, ...half } },
        startDate: at(0),
      })),
      { scopeBy: { case: "projectId", value: { name: project, domain } } },
    ],
    WatchRuns: [{ target: { case: "projectId", value: { name: project } } }],
    ListRuns: [{ scopeBy: { case: "projectId", value: { name: project } } }],
    SignalEvent: actions.map((id) => ({ actionId: id, payload: { value: { case: "boolValue", value: true } } })),
  };

  test("is tried for every method", () => {
    const methods = api.service.rpc[0]?.service.methods.map(({ name }) => name) ?? [];
    expect(Object.keys(fields).sort()).toEqual([...methods].sort());
  });

  test.each(Object.entries(fields))("%s is an invalid argument [runs 8]", async (name, inputs) => {
    const service = api.service.rpc[0]?.service;
    const method = service?.methods.find((candidate) => candidate.name === name);
    if (method === undefined) throw new Error(`no method ${name}`);
    // A list without a scope is the list of everything: the one method whose empty message is good.
    const tried = name === "ListRuns" ? inputs : [{}, ...inputs];
    for (const input of tried) expect(await call(method, input)).toBe(Code.InvalidArgument);
  });
});

test("an empty org and any other give equal results through every method [runs 7]", async () => {
  const results: unknown[][] = [];
  for (const org of ["", "acme", "ä/ö"]) {
    const id = runId("orgs", { org });
    const action = actionId("orgs", "a0", { org });
    const place = { organization: org, name: project, domain };
    const created = await api.runs.createRun(createRequest({ id: { case: "runId", value: id } }));
    const spec = { case: "task" as const, value: { spec: addTask() } };
    const child = await api.internal.recordAction({
      actionId: { ...action, name: "c1" },
      parent: "a0",
      inputUri: "mem://i",
      spec,
    });
    const updated = await api.internal.updateActionStatus({
      actionId: action,
      status: { phase: ActionPhase.RUNNING, attempts: 1 },
    });
    const events = [event("orgs", ActionPhase.RUNNING, { id: action, logContext: { primaryPodName: "p" } })];
    const recorded = await api.internal.recordActionEvents({ events });
    const first = async <T>(start: (signal: AbortSignal) => AsyncIterable<T>) => {
      const stream = openStream(start);
      const message = await stream.next();
      await stream.close();
      return message;
    };
    results.push([
      { ...created.run?.action, status: undefined },
      child.status,
      updated.status,
      recorded.status,
      await api.runs.getRunDetails({ runId: id }),
      (await api.runs.getActionDetails({ actionId: action })).details?.status,
      await api.runs.getActionDataURIs({ actionId: action }),
      await api.runs.getActionLogContext({ actionId: action, attempt: 1 }),
      await api.runs.listActions({ runId: id }),
      await api.runs.listRuns({ scopeBy: { case: "projectId", value: place } }),
      await first((signal) => api.runs.watchRunDetails({ runId: id }, { signal })),
      (await first((signal) => api.runs.watchActionDetails({ actionId: action }, { signal })))?.details?.status,
      await first((signal) => api.runs.watchActions({ runId: id }, { signal })),
      await first((signal) => api.runs.watchRuns({ target: { case: "projectId", value: place } }, { signal })),
    ]);
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  expect(await api.runs.abortAction({ actionId: actionId("orgs", "c1", { org: "acme" }) })).toBeDefined();
  expect(await api.runs.abortRun({ runId: runId("orgs", { org: "other" }) })).toBeDefined();
});

test("a thousand watches opened and closed leave no subscription behind [runs 78]", async () => {
  // Its time stands still, so what is freed is freed without a wait.
  const still = await startApi({ loops: false, http: true, url: api.url, clock: manualClock() });
  onTestFinished(() => still.close());
  await api.runs.createRun(createRequest({ id: { case: "runId", value: runId("fleeting") } }));
  for (let batch = 0; batch < 20; batch += 1) {
    const streams = Array.from({ length: 50 }, () =>
      openStream((signal) => still.runs.watchActionDetails({ actionId: actionId("fleeting") }, { signal })),
    );
    await Promise.all(streams.map((stream) => stream.next()));
    await Promise.all(streams.map((stream) => stream.close()));
  }
  const open = async () => /^flyte_run_watches (\d+)/m.exec(await still.metrics.render())?.[1];
  await vi.waitFor(async () => expect(await open()).toBe("0"), { timeout: 20_000, interval: 5 });
}, 120_000);

test("a notification and its change are seen together, and a rolled-back write sends none [runs 137]", async () => {
  const heard: string[] = [];
  const reads: Promise<readonly object[]>[] = [];
  const missed = () => undefined;
  const listener = (channel: string) => ({
    missed,
    notified: (payload: string) => {
      heard.push(`${channel} ${payload}`);
      const run = payload.split("/")[2] ?? "";
      reads.push(api.rows("SELECT name FROM actions WHERE run_name = $1", [run]));
    },
  });
  for (const channel of ["run_updates", "action_updates"]) await api.database.listen(channel, listener(channel));
  const broken = createRequest({
    id: { case: "runId", value: runId("rolled-back") },
    runSpec: { runBaseDir: "/dev/null/x" },
  });
  expect(
    await api.runs.createRun(broken).then(
      () => "made",
      () => "refused",
    ),
  ).toBe("refused");
  await api.runs.createRun(createRequest({ id: { case: "runId", value: runId("kept") } }));
  await api.until("run_updates", async () => heard.length >= 2);
  expect(heard.sort()).toEqual([
    "action_updates flytesnacks/development/kept/a0",
    "run_updates flytesnacks/development/kept",
  ]);
  for (const rows of await Promise.all(reads)) expect(rows).toEqual([{ name: "a0" }]);
});
