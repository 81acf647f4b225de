/** Values that the wire can carry and a database column cannot: refused as the caller's fault, with nothing half-written. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { Filter_Function } from "@flyte-dataplane/proto/flyteidl2/common/list";
import { ProjectService } from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import { TaskService } from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import type { RecordActionRequestSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import type { CreateRunRequestSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf } from "./codes.ts";
import { type Harness, startApi } from "./harness.ts";
import {
  ActionPhase,
  actionId,
  addTask,
  createRequest,
  domain,
  event,
  named,
  project,
  projectId,
  runId,
} from "./messages.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false, http: true });
  await api.runs.createRun(createRequest({ id: named("host") }));
});
afterAll(() => api.close());

const nul = "a\0b";
const largest = 2 ** 32 - 1;
const task = (over: Parameters<typeof addTask>[0]) => ({ task: { case: "taskSpec" as const, value: addTask(over) } });
const id = { project, domain, name: "demo.add", version: "v1" };

const creations: readonly (readonly [string, MessageInitShape<typeof CreateRunRequestSchema>])[] = [
  ["a short name", task({ shortName: nul })],
  ["a task name", task({ taskTemplate: { id: { ...id, name: nul } } })],
  ["a task version", task({ taskTemplate: { id: { ...id, version: nul } } })],
  ["a task type", task({ taskTemplate: { id, type: nul } })],
  ["an environment", task({ environment: { name: nul } })],
  ["a label", { runSpec: { labels: { values: { team: nul } } } }],
  ["a label's name", { runSpec: { labels: { values: { [nul]: "a" } } } }],
  ["a run base dir", { runSpec: { runBaseDir: `mem://flyte-data/${nul}` } }],
];

test.each(creations)("a NUL in %s makes CreateRun an invalid argument that leaves no row", async (_name, over) => {
  expect(await codeOf(api.runs.createRun(createRequest({ ...over, id: named("bad") })))).toBe(Code.InvalidArgument);
  expect(await codeOf(api.runs.createRun(createRequest(over)))).toBe(Code.InvalidArgument);
  expect(await api.rows("SELECT run_name FROM actions WHERE run_name <> 'host'")).toEqual([]);
});

test.each([
  "mem://flyte-data/../up",
  "mem://flyte-data/a\\b",
  "mem://flyte-data/a?b",
  "mem://flyte-data/%zz",
  "relative/path",
  "gopher://x/y",
  "mem://",
])("run base dir %j is an invalid argument", async (runBaseDir) => {
  expect(await codeOf(api.runs.createRun(createRequest({ runSpec: { runBaseDir } })))).toBe(Code.InvalidArgument);
});

describe("the internal service", () => {
  const record = async (over: MessageInitShape<typeof RecordActionRequestSchema>) => {
    const spec = { case: "task" as const, value: { spec: addTask() } };
    return (await api.internal.recordAction({ actionId: actionId("host", "c1"), inputUri: "mem://i", spec, ...over }))
      .status?.code;
  };

  test("says 3 in the body to NULs in parent, group and names", async () => {
    expect(await record({ parent: nul })).toBe(3);
    expect(await record({ group: nul })).toBe(3);
    expect(await record({ spec: { case: "trace", value: { name: nul } } })).toBe(3);
    expect(await record({ actionId: actionId("host", nul) })).toBe(3);
  });

  test("says 3 in the body to numbers past the columns and times past the calendar", async () => {
    const update = async (status: Parameters<typeof api.internal.updateActionStatus>[0]["status"]) =>
      (await api.internal.updateActionStatus({ actionId: actionId("host"), ...(status ? { status } : {}) })).status
        ?.code;
    expect(await update({ phase: ActionPhase.RUNNING, attempts: largest })).toBe(3);
    expect(await update({ phase: ActionPhase.RUNNING, startTime: { seconds: 1n << 62n, nanos: 0 } })).toBe(3);
    expect(await update({ phase: ActionPhase.RUNNING, endTime: { seconds: 0n, nanos: -1 } })).toBe(3);
    const events = [event("host", ActionPhase.RUNNING, { version: largest })];
    expect((await api.internal.recordActionEvents({ events })).status?.code).toBe(3);
    const first = { seconds: -62_135_596_800n, nanos: 0 };
    const last = { seconds: 253_402_300_799n, nanos: 999_999_999 };
    expect(await update({ phase: ActionPhase.RUNNING, attempts: 1, startTime: first, endTime: last })).toBe(0);
    const { details } = await api.runs.getActionDetails({ actionId: actionId("host") });
    expect(details?.status).toMatchObject({ startTime: first, durationMs: 315_537_897_599_999n });
  });
});

test("NULs in reasons, filters and registries are invalid arguments", async () => {
  const scopeBy = { case: "projectId" as const, value: projectId };
  const by = (field: string) => ({ filters: [{ field, function: Filter_Function.EQUAL, values: ["x"] }] });
  const calls = [
    () => api.runs.abortRun({ runId: runId("host"), reason: nul }),
    () => api.runs.abortAction({ actionId: actionId("host"), reason: nul }),
    () => api.runs.listRuns({ scopeBy, request: by(`labels.${nul}`) }),
    () => api.runs.listRuns({ scopeBy, request: by(nul) }),
    () => api.runs.listRuns({ scopeBy, request: { token: nul } }),
    () => api.runs.listRuns({ scopeBy: { case: "triggerName", value: { project, domain, name: nul } } }),
    () => api.client(ProjectService).createProject({ project: { id: "p", description: nul } }),
    () => api.client(ProjectService).createProject({ project: { id: nul } }),
    () => api.client(TaskService).deployTask({ taskId: { ...id, name: nul }, spec: addTask() }),
    () => api.client(TaskService).deployTask({ taskId: id, spec: addTask({ environment: { name: nul } }) }),
  ];
  for (const [index, call] of calls.entries())
    expect([index, await codeOf(call())]).toEqual([index, Code.InvalidArgument]);
});
