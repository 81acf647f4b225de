import { Code } from "@connectrpc/connect";
import { Filter_Function } from "@flyte-dataplane/proto/flyteidl2/common/list";
import type { EnrichedAction } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import type { WatchActionsResponse } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { codeOf } from "./codes.ts";
import { type Harness, startApi } from "./harness.ts";
import { manualClock } from "./manual-clock.ts";
import { ActionPhase, actionId, addTask, createRequest, domain, named, project, projectId, runId } from "./messages.ts";
import { type OpenStream, openStream } from "./stream.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false, config: { watchCoalesceMs: 5 } });
});
afterAll(() => api.close());

type Filters = NonNullable<Parameters<typeof api.runs.watchActions>[0]["filter"]>;

const { CONTAINS_CASE_INSENSITIVE, VALUE_IN } = Filter_Function;
const { QUEUED, RUNNING, FAILED, SUCCEEDED } = ActionPhase;

function watchActions(run: string, filter: Filters = []): OpenStream<WatchActionsResponse> {
  return openStream((signal) => api.runs.watchActions({ runId: runId(run), filter }, { signal }));
}

async function child(run: string, name: string, parent = "a0", task = "demo.add") {
  const spec = addTask({ taskTemplate: { id: { project, domain, name: task, version: "v1" }, type: "t" } });
  await api.internal.recordAction({
    actionId: actionId(run, name),
    parent,
    inputUri: "mem://i",
    spec: { case: "task", value: { spec } },
  });
}

async function move(run: string, name: string, phase: ActionPhase, attempts = 1) {
  await api.internal.updateActionStatus({ actionId: actionId(run, name), status: { phase, attempts } });
}

const nameOf = ({ action }: EnrichedAction) => action?.id?.name ?? "";

/** Takes messages until `done` holds for the last state of every action seen. */
async function follow(
  stream: OpenStream<WatchActionsResponse>,
  seen: Map<string, EnrichedAction>,
  done: () => boolean,
): Promise<void> {
  while (!done()) {
    const message = await stream.next();
    if (message === undefined) throw new Error("the stream ended first");
    for (const action of message.enrichedActions) seen.set(nameOf(action), action);
  }
}

describe("WatchActions", () => {
  test("sends 2 500 actions in pages, parents before children, each once [runs 70]", async () => {
    await api.database.query({
      text: `INSERT INTO actions (project, domain, run_name, name, parent_action_name, action_type, created_at)
        SELECT '${project}', '${domain}', 'large', CASE WHEN n = 0 THEN 'a0' ELSE 'c' || n END,
          CASE WHEN n = 0 THEN NULL WHEN n <= 10 THEN 'a0' ELSE 'c' || n / 10 END, 1, now() + n / 7 * interval '1 ms'
        FROM generate_series(0, 2499) AS n`,
    });
    const stream = watchActions("large");
    const names: string[] = [];
    let pages = 0;
    while (new Set(names).size < 2_500) {
      const message = await stream.next();
      const page = (message?.enrichedActions ?? []).map(nameOf);
      expect(page.length).toBeGreaterThan(0);
      const parents = (message?.enrichedActions ?? []).map(({ action }) => action?.metadata?.parent ?? "");
      const known = new Set(names);
      for (const [index, name] of page.entries()) {
        expect([name, parents[index] === "" || known.has(parents[index] ?? "")]).toEqual([name, true]);
        known.add(name);
      }
      names.push(...page.filter((name) => !names.includes(name)));
      pages += 1;
    }
    expect(pages).toBeGreaterThanOrEqual(3);
    await stream.close();
  });

  test("the root's counts are the phases of all descendants after every message, with zeros kept [runs 71]", async () => {
    await api.runs.createRun(createRequest({ id: named("counts") }));
    await child("counts", "c1");
    await child("counts", "c2", "c1");
    await child("counts", "c3", "c2");
    const stream = watchActions("counts");
    const seen = new Map<string, EnrichedAction>();
    const counts = () => seen.get("a0")?.childrenPhaseCounts ?? {};
    await follow(stream, seen, () => counts()[QUEUED] === 3);
    for (const name of ["c1", "c2", "c3"]) {
      await move("counts", name, RUNNING);
      await follow(stream, seen, () => {
        const states = [...seen.values()].filter((action) => nameOf(action) !== "a0");
        const histogram = new Map<number, number>();
        for (const { action } of states) {
          const phase = action?.status?.phase ?? 0;
          histogram.set(phase, (histogram.get(phase) ?? 0) + 1);
        }
        for (const [phase, count] of histogram) expect(counts()[phase]).toBe(count);
        return seen.get(name)?.action?.status?.phase === RUNNING;
      });
    }
    expect(counts()).toEqual({ [QUEUED]: 0, [RUNNING]: 3 });
    await stream.close();
  });

  test("filters show matches and the way to them, and take both back once when the last match leaves [runs 72]", async () => {
    await api.runs.createRun(createRequest({ id: named("filtered") }));
    await child("filtered", "mid", "a0", "demo.middle");
    await child("filtered", "leaf", "mid", "demo.Leafy");
    await child("filtered", "side", "a0", "demo.other");
    const filter = [
      { field: "PHASE", function: VALUE_IN, values: [String(FAILED)] },
      { field: "NAME", function: CONTAINS_CASE_INSENSITIVE, values: ["leaf"] },
    ];
    const stream = watchActions("filtered", filter);
    const first = stream.next();
    await move("filtered", "side", FAILED);
    await move("filtered", "leaf", FAILED);
    const shown = (await first)?.enrichedActions ?? [];
    expect(shown.map((node) => [nameOf(node), node.meetsFilter])).toEqual([
      ["a0", true],
      ["mid", true],
      ["leaf", true],
    ]);
    await move("filtered", "leaf", RUNNING, 2);
    const hidden = (await stream.next())?.enrichedActions ?? [];
    expect(hidden.map((node) => [nameOf(node), node.meetsFilter])).toEqual([
      ["a0", false],
      ["mid", false],
      ["leaf", false],
    ]);
    // What nobody sees is sent no more: the next message is the next match.
    await move("filtered", "mid", RUNNING);
    await move("filtered", "leaf", FAILED, 2);
    const again = (await stream.next())?.enrichedActions ?? [];
    expect(again.every((node) => node.meetsFilter)).toBe(true);
    await stream.close();
  });

  test.each([
    ["another field", { field: "COLOUR", function: VALUE_IN, values: ["1"] }],
    ["another function", { field: "PHASE", function: Filter_Function.EQUAL, values: ["1"] }],
    ["no phase", { field: "PHASE", function: VALUE_IN, values: ["x"] }],
    ["no name", { field: "NAME", function: CONTAINS_CASE_INSENSITIVE, values: [] }],
  ])("a filter with %s is an invalid argument [runs 73]", async (_name, filter) => {
    expect(await codeOf(watchActions("filtered", [filter]).next())).toBe(Code.InvalidArgument);
  });

  test("a child recorded before its parent appears after it [runs 74]", async () => {
    await api.runs.createRun(createRequest({ id: named("orphans") }));
    await child("orphans", "grandchild", "later");
    const stream = watchActions("orphans");
    const seen = new Map<string, EnrichedAction>();
    await follow(stream, seen, () => seen.has("a0"));
    expect([...seen.keys()]).toEqual(["a0"]);
    await child("orphans", "later");
    await follow(stream, seen, () => seen.has("grandchild"));
    expect([...seen.keys()]).toEqual(["a0", "later", "grandchild"]);
    await stream.close();
  });
});

describe("WatchRuns", () => {
  const inProject = { target: { case: "projectId" as const, value: projectId } };

  test("a run created after the snapshot appears without a wait, queued [runs 75]", async () => {
    // Its time stands still.
    const still = await startApi({ loops: false, url: api.url, clock: manualClock() });
    onTestFinished(() => still.close());
    const stream = openStream((signal) => still.runs.watchRuns(inProject, { signal }));
    await stream.next();
    await api.runs.createRun(createRequest({ id: named("fresh") }));
    const message = await stream.find(({ runs }) => runs.some(({ action }) => action?.id?.run?.name === "fresh"));
    expect(message.runs.map(({ action }) => action?.status?.phase)).toEqual([QUEUED]);
    await stream.close();
  });

  test("of a task or an org shows that task's runs, or everybody's [runs 130]", async () => {
    const value = { project, domain, name: "demo.special", version: "v9" };
    const special = addTask({ taskTemplate: { id: value, type: "t" } });
    await api.runs.createRun(createRequest({ id: named("special-1"), task: { case: "taskSpec", value: special } }));
    const byTask = openStream((signal) => api.runs.watchRuns({ target: { case: "taskId", value } }, { signal }));
    const byOrg = openStream((signal) => api.runs.watchRuns({ target: { case: "org", value: "any" } }, { signal }));
    const names = (message: Awaited<ReturnType<typeof byTask.next>>) =>
      message?.runs.map(({ action }) => action?.id?.run?.name);
    expect(names(await byTask.next())).toEqual(["special-1"]);
    expect(names(await byOrg.next())).toContain("special-1");
    await api.runs.createRun(createRequest({ id: named("ordinary") }));
    await api.runs.createRun(createRequest({ id: named("special-2"), task: { case: "taskSpec", value: special } }));
    // A notification from before the snapshot may still bring the first one again, but nothing else.
    const first = await byTask.find((message) => names(message)?.includes("special-2") === true);
    expect(names(first)?.every((name) => name?.startsWith("special-"))).toBe(true);
    await byOrg.find((message) => names(message)?.includes("ordinary") === true);
    await byTask.close();
    await byOrg.close();
  });

  test("without a target is an invalid argument", async () => {
    const stream = openStream((signal) => api.runs.watchRuns({}, { signal }));
    expect(await codeOf(stream.next())).toBe(Code.InvalidArgument);
  });
});

test("a reader that stops reading delays neither writers nor other readers", async () => {
  await api.runs.createRun(createRequest({ id: named("stalled") }));
  await child("stalled", "c1");
  const stalled = watchActions("stalled");
  await stalled.next();
  const lively = watchActions("stalled");
  const seen = new Map<string, EnrichedAction>();
  await lively.next();
  for (let attempt = 1; attempt <= 200; attempt += 1) await move("stalled", "c1", RUNNING, attempt);
  await move("stalled", "c1", SUCCEEDED, 200);
  await follow(lively, seen, () => seen.get("c1")?.action?.status?.phase === SUCCEEDED);
  // 201 changes are one entry for who did not read them.
  let messages = 0;
  const late = new Map<string, EnrichedAction>();
  while (late.get("c1")?.action?.status?.phase !== SUCCEEDED) {
    for (const action of (await stalled.next())?.enrichedActions ?? []) late.set(nameOf(action), action);
    messages += 1;
  }
  expect(messages).toBeLessThanOrEqual(2);
  await stalled.close();
  await lively.close();
});
