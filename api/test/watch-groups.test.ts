import { Code } from "@connectrpc/connect";
import { Sort_Direction } from "@flyte-dataplane/proto/flyteidl2/common/list";
import { ErrorInfo_Kind } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf } from "./codes.ts";
import { type Harness, startApi } from "./harness.ts";
import {
  ActionPhase,
  actionId,
  addTask,
  at,
  createRequest,
  domain,
  event,
  named,
  project,
  projectId,
} from "./messages.ts";
import { openStream } from "./stream.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false });
});
afterAll(() => api.close());

const { RUNNING, SUCCEEDED, FAILED } = ActionPhase;

describe("WatchGroups", () => {
  const startDate = { seconds: 0n, nanos: 0 };
  const scopeBy = { case: "projectId" as const, value: projectId };

  async function runOf(task: string, run: string, phase: ActionPhase) {
    const spec = addTask({
      shortName: task,
      taskTemplate: { id: { project, domain, name: `demo.${task}`, version: "v1" } },
    });
    const headers = { "X-Amzn-Oidc-Identity": "s-1" };
    await api.runs.createRun(createRequest({ id: named(run), task: { case: "taskSpec", value: spec } }), { headers });
    const errorInfo = { message: "boom", kind: ErrorInfo_Kind.USER };
    const events = [event(run, RUNNING), event(run, phase, phase === FAILED ? { errorInfo } : {})];
    await api.internal.recordActionEvents({ events });
    await api.internal.updateActionStatus({ actionId: actionId(run), status: { phase, attempts: 1 } });
  }

  test("fills every field of a group, once for a window with an end, in the order asked for [runs 129]", async () => {
    await runOf("steady", "steady-1", SUCCEEDED);
    for (let run = 1; run <= 12; run += 1) await runOf("shaky", `shaky-${run}`, run % 4 === 0 ? FAILED : SUCCEEDED);
    const endDate = { seconds: BigInt(Math.ceil(Date.now() / 1000) + 1), nanos: 0 };
    const groupsOf = async (way: Sort_Direction) => {
      const knownSortFields = [{ sortBy: { case: "createdAt" as const, value: way } }];
      const request = { scopeBy, startDate, endDate, knownSortFields };
      const messages = await openStream((signal) => api.runs.watchGroups(request, { signal })).rest();
      expect(messages).toHaveLength(1);
      expect(messages[0]?.sentinel).toBe(true);
      return messages[0]?.taskGroups ?? [];
    };
    const ascending = (await groupsOf(Sort_Direction.ASCENDING)).map(({ taskName }) => taskName);
    expect(ascending).toEqual(["demo.steady", "demo.shaky"]);
    const [shaky, steady] = await groupsOf(Sort_Direction.DESCENDING);
    expect(steady?.taskName).toBe("demo.steady");
    expect(shaky).toMatchObject({
      taskName: "demo.shaky",
      environmentName: "demo",
      shortName: "shaky",
      totalRuns: 12n,
      averageFailureRate: 0.25,
      shouldDelete: false,
      errorCounts: { userError: 3n, systemError: 0n, unspecifiedError: 0n },
      phaseCounts: [
        { phase: SUCCEEDED, count: 9n },
        { phase: FAILED, count: 3n },
      ],
    });
    expect(shaky?.recentStatuses).toHaveLength(10);
    expect(shaky?.recentStatuses[0]).toMatchObject({ runName: "shaky-12", phase: FAILED });
    const users = shaky?.createdBy.map(({ principal }) =>
      principal.case === "user" ? principal.value.id?.subject : "",
    );
    expect(users).toEqual(["s-1"]);
    for (const time of [shaky?.latestRunTime, shaky?.latestFinishedTime]) expect(time?.seconds).toBeGreaterThan(0n);
    for (const span of [shaky?.averageDuration, shaky?.averageTimeToRunning])
      expect(span?.nanos).toBeGreaterThanOrEqual(0);
  });

  test("an open window is answered again when a run changes it", async () => {
    const stream = openStream((signal) => api.runs.watchGroups({ scopeBy, startDate }, { signal }));
    const totalOf = (message: Awaited<ReturnType<typeof stream.next>>) =>
      message?.taskGroups.find(({ taskName }) => taskName === "demo.steady")?.totalRuns;
    expect(totalOf(await stream.next())).toBe(1n);
    await runOf("steady", "steady-2", SUCCEEDED);
    await stream.find((message) => totalOf(message) === 2n);
    await stream.close();
  });
});

describe("WatchClusterEvents", () => {
  const watch = (run: string, attempt = 1) =>
    openStream((signal) => api.runs.watchClusterEvents({ id: actionId(run), attempt }, { signal }));

  test("delivers 3 000 events over 40 rows exactly once, in order, and ends [runs 128]", async () => {
    await api.runs.createRun(createRequest({ id: named("eventful") }));
    const rows = Array.from({ length: 40 }, (_, row) => {
      const clusterEvents = Array.from({ length: 75 }, (_, index) => ({ count: row * 75 + index }));
      return event("eventful", row === 39 ? SUCCEEDED : RUNNING, { version: row, updatedTime: at(row), clusterEvents });
    });
    await api.internal.recordActionEvents({ events: rows.slice(0, 15) });
    const stream = watch("eventful");
    const counts = (await stream.next())?.clusterEvents.map(({ count }) => count) ?? [];
    expect(counts).toHaveLength(15 * 75);
    for (let from = 15; from < 40; from += 5) {
      await api.internal.recordActionEvents({ events: rows.slice(from, from + 5) });
      await api.internal.recordActionEvents({ events: rows.slice(from, from + 5) });
    }
    for (const message of await stream.rest()) counts.push(...message.clusterEvents.map(({ count }) => count));
    expect(counts).toEqual(Array.from({ length: 3_000 }, (_, count) => count));
  });

  test("of an unknown action is not found", async () => {
    expect(await codeOf(watch("nobody").next())).toBe(Code.NotFound);
  });
});
