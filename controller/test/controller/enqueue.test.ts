import { create, fromBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { DataPlaneError } from "@flyte-dataplane/core";
import {
  EnqueueRequestSchema,
  type WatchForUpdatesResponse,
} from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { TaskTemplateSchema } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startController, type TestController, taskRequest } from "./harness.ts";
import { manualClock } from "./manual-clock.ts";
import { type MemoryCluster, memoryCluster } from "./memory-cluster.ts";

let memory: MemoryCluster;
let controller: TestController;

beforeEach(async () => {
  const clock = manualClock();
  memory = await memoryCluster(clock);
  controller = await startController({ cluster: memory.cluster, clock });
});

afterEach(async () => {
  await controller.stop();
});

const idOfRun = { org: "o", project: "flytesnacks", domain: "development", name: "r1" };

const conditionRequest = (simple: SimpleType, action = "cond") =>
  create(EnqueueRequestSchema, {
    action: {
      actionId: { run: { org: "o", project: "flytesnacks", domain: "development", name: "r1" }, name: action },
      parentActionName: "a0",
      inputUri: "/nowhere",
      runOutputBase: "/nowhere",
      spec: { case: "condition", value: { name: "approve", type: { type: { case: "simple", value: simple } } } },
    },
  });

const creations = (): readonly string[] => memory.calls.filter((call) => call.startsWith("create TaskAction"));

test("a root becomes a TaskAction with the six labels, the run's environment and no owner [controller 13]", async () => {
  const { data } = controller;
  const runSpec = {
    labels: { values: { team: "x" } },
    annotations: { values: { note: "y" } },
    envs: {
      values: [
        { key: "A", value: "1" },
        { key: "A", value: "2" },
      ],
    },
    interruptible: true,
  };
  await controller.actions.enqueue(taskRequest({ data, runSpec }));
  const action = await memory.cluster.taskActions.get("r1-a0");
  expect(action.metadata.labels).toMatchObject({
    team: "x",
    "flyte.org/project": "flytesnacks",
    "flyte.org/domain": "development",
    "flyte.org/run": "r1",
    "flyte.org/action": "a0",
    "flyte.org/action-type": "task",
    "flyte.org/is-root": "true",
  });
  expect(action.metadata.annotations).toEqual({ note: "y" });
  expect(action.metadata.ownerReferences).toBeUndefined();
  expect(action.spec).toMatchObject({
    envVars: { A: "2" },
    interruptible: true,
    taskType: "container",
    shortName: "sum",
  });
});

test("a run's label cannot take the place of an identity label; its annotations stand as given [controller 14]", async () => {
  const runSpec = {
    labels: { values: { "flyte.org/run": "evil" } },
    annotations: { values: { "flyte.org/run": "mine" } },
  };
  await controller.actions.enqueue(taskRequest({ data: controller.data, runSpec }));
  const { metadata } = await memory.cluster.taskActions.get("r1-a0");
  expect(metadata.labels?.["flyte.org/run"]).toBe("r1");
  expect(metadata.annotations?.["flyte.org/run"]).toBe("mine");
});

test("a run that overwrites the cache says so on its root and on every child", async () => {
  const { data, actions } = controller;
  await actions.enqueue(taskRequest({ data, runSpec: { cacheConfig: { overwriteCache: true } } }));
  await actions.enqueue(taskRequest({ data, action: "x1", parent: "a0" }));
  for (const name of ["r1-a0", "r1-x1"]) {
    const { metadata } = await memory.cluster.taskActions.get(name);
    expect(metadata.annotations).toEqual({ "flyte.org/overwrite-cache": "true" });
  }
});

test("a child is owned by its parent and takes environment and interruptible from it, not from its request [controller 15]", async () => {
  const { data, actions } = controller;
  await actions.enqueue(
    taskRequest({ data, runSpec: { envs: { values: [{ key: "A", value: "run" }] }, interruptible: true } }),
  );
  await actions.enqueue(
    taskRequest({
      data,
      action: "x1",
      parent: "a0",
      runSpec: { envs: { values: [{ key: "A", value: "child" }] }, interruptible: false },
    }),
  );
  const parent = await memory.cluster.taskActions.get("r1-a0");
  const child = await memory.cluster.taskActions.get("r1-x1");
  expect(child.metadata.labels?.["flyte.org/is-root"]).toBe("false");
  expect(child.metadata.ownerReferences).toEqual([
    {
      apiVersion: "flyte.org/v1",
      kind: "TaskAction",
      name: "r1-a0",
      uid: parent.metadata.uid,
      blockOwnerDeletion: true,
    },
  ]);
  expect(child.spec).toMatchObject({ envVars: { A: "run" }, interruptible: true, parentActionName: "a0" });
});

test("labels and annotations that tell how the parent ended are not passed on to a child [controller 16]", async () => {
  const { data, actions } = controller;
  await actions.enqueue(taskRequest({ data, runSpec: { labels: { values: { team: "x" } } } }));
  const lifecycle = {
    "flyte.org/termination-status": "terminated",
    "flyte.org/completed-time": "2026-01-01.00-00",
    "flyte.org/terminal-status-recorded": "true",
  };
  const parent = await memory.cluster.taskActions.patch("r1-a0", {
    metadata: { labels: lifecycle, annotations: { "flyte.org/abort-reason": "no" } },
  });
  await controller.action("r1-a0", ({ metadata }) => metadata.labels?.["flyte.org/termination-status"] !== undefined);
  expect(parent.metadata.labels).toMatchObject(lifecycle);
  await memory.pod("r1-a0-0");
  await actions.enqueue(taskRequest({ data, action: "x1", parent: "a0" }));
  const child = await memory.cluster.taskActions.get("r1-x1");
  expect(child.metadata.labels).toMatchObject({ team: "x" });
  for (const label of Object.keys(lifecycle)) expect(child.metadata.labels).not.toHaveProperty([label]);
  expect(child.metadata.annotations ?? {}).not.toHaveProperty(["flyte.org/abort-reason"]);
});

test("arguments learn when the run began, exact text only, and the caller's message stays as it was [controller 17]", async () => {
  const args = ["{{.runStartTime}}", "at={{.runStartTime}}", "{{ .runStartTime }}"];
  const request = taskRequest({ data: controller.data, args, runSpec: { runStartTime: { seconds: 1_767_225_600n } } });
  await controller.actions.enqueue(request);
  await controller.actions.enqueue(taskRequest({ data: controller.data, run: "r2", args }));
  const stored = async (name: string): Promise<readonly string[]> => {
    const { spec } = await memory.cluster.taskActions.get(name);
    const { target } = fromBinary(TaskTemplateSchema, Buffer.from(spec.taskTemplate ?? "", "base64"));
    return target.case === "container" ? target.value.args : [];
  };
  expect(await stored("r1-a0")).toEqual(["2026-01-01T00:00:00Z", "at=2026-01-01T00:00:00Z", "{{ .runStartTime }}"]);
  expect(await stored("r2-a0")).toEqual(args);
  const task = request.action?.spec.case === "task" ? request.action.spec.value.spec?.taskTemplate?.target : undefined;
  expect(task?.case === "container" ? task.value.args : []).toEqual(args);
});

test("the same request twice is answered well both times and makes one object [controller 18,X2]", async () => {
  const request = taskRequest({ data: controller.data });
  await controller.actions.enqueue(request);
  await controller.action("r1-a0", ({ status }) => status !== undefined);
  const writes = creations().length;
  await controller.actions.enqueue(request);
  expect(creations().length).toBe(writes);
  expect((await memory.cluster.taskActions.list()).items).toHaveLength(1);
});

test("two equal requests at the same moment make one object and both succeed", async () => {
  const request = taskRequest({ data: controller.data });
  await Promise.all([controller.actions.enqueue(request), controller.actions.enqueue(request)]);
  expect((await memory.cluster.taskActions.list()).items).toHaveLength(1);
});

test("a request of the same name with other content is refused as existing", async () => {
  await controller.actions.enqueue(taskRequest({ data: controller.data }));
  await expect(
    controller.actions.enqueue(taskRequest({ data: controller.data, args: ["other"] })),
  ).rejects.toMatchObject({ code: Code.AlreadyExists });
});

test("a run of the same name in another project is refused and the first one's data stays its own [controller 12]", async () => {
  await controller.actions.enqueue(taskRequest({ data: controller.data }));
  await expect(
    controller.actions.enqueue(taskRequest({ data: controller.data, project: "other" })),
  ).rejects.toMatchObject({ code: Code.FailedPrecondition });
  expect((await memory.cluster.taskActions.get("r1-a0")).spec.project).toBe("flytesnacks");
});

test("a child of nobody is not found, a child of a parent on its way out is aborted, and nothing is made [controller 19]", async () => {
  const { data, actions } = controller;
  await expect(actions.enqueue(taskRequest({ data, action: "x1", parent: "a0" }))).rejects.toMatchObject({
    code: Code.NotFound,
  });
  await actions.enqueue(taskRequest({ data }));
  await controller.action("r1-a0", ({ metadata }) => (metadata.finalizers?.length ?? 0) > 0);
  memory.before = (call) => {
    if (call.startsWith("patch TaskAction")) throw new DataPlaneError("unavailable", "down");
  };
  await memory.cluster.taskActions.delete("r1-a0");
  await controller.action("r1-a0", ({ metadata }) => metadata.deletionTimestamp !== undefined);
  await expect(actions.enqueue(taskRequest({ data, action: "x1", parent: "a0" }))).rejects.toMatchObject({
    code: Code.Aborted,
  });
  expect(creations()).toEqual(["create TaskAction r1-a0"]);
});

test("requests without identifier, specification, inputs or outputs are refused as malformed [controller 20]", async () => {
  const { data, actions } = controller;
  const whole = taskRequest({ data }).action;
  const broken = [
    { ...whole, actionId: undefined },
    { ...whole, spec: { case: undefined } },
    { ...whole, inputUri: "" },
    { ...whole, runOutputBase: "" },
    { ...whole, actionId: { name: "x".repeat(31), run: whole?.actionId?.run } },
    undefined,
  ];
  for (const action of broken) {
    await expect(actions.enqueue(action === undefined ? {} : { action: action as never })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  }
  expect(creations()).toEqual([]);
});

test.each([
  { answer: "unavailable", code: Code.Unavailable },
  { answer: "invalid_argument", code: Code.InvalidArgument },
  { answer: "resource_exhausted", code: Code.ResourceExhausted },
] as const)("the cluster's $answer reaches the caller as such [controller 21]", async ({ answer, code }) => {
  memory.before = (call) => {
    if (call.startsWith("create TaskAction")) throw new DataPlaneError(answer, "create: no");
  };
  await expect(controller.actions.enqueue(taskRequest({ data: controller.data }))).rejects.toMatchObject({ code });
});

test.each([
  { part: "key", labels: { "bad key": "x" } },
  { part: "value", labels: { key: "bad value" } },
])(
  "a label's $part that Kubernetes would refuse is refused before any call is made, by name [controller 21]",
  async ({ part, labels }) => {
    const runSpec = { labels: { values: labels } };
    await expect(controller.actions.enqueue(taskRequest({ data: controller.data, runSpec }))).rejects.toMatchObject({
      code: Code.InvalidArgument,
      message: expect.stringContaining(`bad ${part}`) as string,
    });
    expect(creations()).toEqual([]);
  },
);

test("an action too large to store is refused with its sizes before any call is made [controller 22,X15]", async () => {
  const request = taskRequest({ data: controller.data, args: ["x".repeat(1_000_000)] });
  await expect(controller.actions.enqueue(request)).rejects.toMatchObject({
    code: Code.InvalidArgument,
    message: expect.stringMatching(/921600.*taskTemplate/) as string,
  });
  expect(creations()).toEqual([]);
});

test("a condition of a simple type waits for its signal, inherits no environment and may be repeated [controller 23]", async () => {
  const { data, actions } = controller;
  await actions.enqueue(taskRequest({ data, runSpec: { envs: { values: [{ key: "A", value: "1" }] } } }));
  await expect(actions.enqueue(conditionRequest(SimpleType.STRUCT))).rejects.toMatchObject({
    code: Code.InvalidArgument,
  });
  await actions.enqueue(conditionRequest(SimpleType.STRING));
  await actions.enqueue(conditionRequest(SimpleType.STRING));
  const action = await memory.cluster.taskActions.get("r1-cond");
  expect(action.metadata.labels).toMatchObject({ "flyte.org/action-type": "condition" });
  expect(action.spec).toMatchObject({ actionType: "condition", conditionSpec: expect.any(String) as string });
  expect(action.spec.envVars).toBeUndefined();
});

test.each([
  { phase: ActionPhase.FAILED, shown: ActionPhase.FAILED },
  { phase: ActionPhase.UNSPECIFIED, shown: ActionPhase.SUCCEEDED },
])(
  "a trace makes no resource, is recorded once and reaches watchers with phase $shown and its own path [controller 24,X30]",
  async ({ phase, shown }) => {
    const trace = create(EnqueueRequestSchema, {
      action: {
        actionId: { run: { org: "o", project: "flytesnacks", domain: "development", name: "r1" }, name: "t1" },
        parentActionName: "a0",
        inputUri: "/in",
        runOutputBase: "/out",
        spec: { case: "trace", value: { name: "f", phase, outputs: { outputUri: "/out/t1/outputs.pb" }, spec: {} } },
      },
    });
    const leave = new AbortController();
    const updates = controller.actions.watchForUpdates(
      {
        filter: {
          case: "parentActionId",
          value: { run: { org: "o", project: "flytesnacks", domain: "development", name: "r1" }, name: "a0" },
        },
      },
      { signal: leave.signal },
    );
    const messages = updates[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => {
      const result: IteratorResult<WatchForUpdatesResponse, undefined> = await messages.next();
      return result.value?.message;
    };
    expect(await next()).toMatchObject({ case: "controlMessage" });
    await controller.actions.enqueue(trace);
    expect(await next()).toMatchObject({ value: { phase: shown, outputUri: "/out/t1/outputs.pb" } });
    const again = controller.actions.watchForUpdates(
      { filter: { case: "parentActionId", value: { run: idOfRun, name: "a0" } } },
      { signal: leave.signal },
    );
    const replayed: IteratorResult<WatchForUpdatesResponse, undefined> = await again[Symbol.asyncIterator]().next();
    expect(replayed.value?.message.value).toMatchObject({ phase: shown, outputUri: "/out/t1/outputs.pb" });
    leave.abort();
    expect(controller.runs.calls.filter((call) => call.startsWith("record"))).toEqual(["record r1-t1"]);
    expect(creations()).toEqual([]);
  },
);
