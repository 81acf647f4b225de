import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { RunSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/run";
import { TaskSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";
import { TaskService } from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import { ActionSpecSchema, RunSource } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { RunInfoSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_info";
import { statObject } from "@flyte-dataplane/storage";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf } from "./codes.ts";
import { enqueuedFor, inputsAt, rowOf } from "./created-run.ts";
import { type Harness, startApi, storagePrefix } from "./harness.ts";
import {
  ActionPhase,
  actionId,
  addTask,
  at,
  createRequest,
  domain,
  integer,
  named,
  project,
  runId,
} from "./messages.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const base = `${storagePrefix}/${project}/${domain}`;

describe("names", () => {
  test("a run without a name gets r and nineteen characters that spell no word", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.runs.createRun(createRequest())));
    const names = answers.map(({ run }) => run?.action?.id?.run?.name ?? "");
    for (const name of names) expect(name).toMatch(/^r[bcdfghjklmnpqrstvwxz2456789]{19}$/);
    expect(new Set(names).size).toBe(50);
  });

  test("a given run name is returned verbatim [runs 10]", async () => {
    const { run } = await api.runs.createRun(createRequest({ id: named("my-run-7") }));
    expect(run?.action?.id?.run?.name).toBe("my-run-7");
  });

  test.each(["a".repeat(31), "Upper", "7days", "ends-", "dot.ted", "", "ünder", "a/b", "a\0b"])(
    "run name %j is refused and leaves no row [runs 11]",
    async (name) => {
      expect(await codeOf(api.runs.createRun(createRequest({ id: named(name) })))).toBe(Code.InvalidArgument);
      if (name.includes("\0")) return;
      expect(await api.rows("SELECT 1 FROM actions WHERE run_name = $1", [name])).toHaveLength(0);
    },
  );
});

describe("what is refused", () => {
  test("an unknown project is not found and leaves neither blob nor row [runs 12]", async () => {
    const id = { case: "runId" as const, value: runId("lost-run", { project: "nowhere" }) };
    expect(await codeOf(api.runs.createRun(createRequest({ id })))).toBe(Code.NotFound);
    expect(await api.rows("SELECT 1 FROM actions WHERE run_name = 'lost-run'")).toHaveLength(0);
    const blob = await statObject(api.stores, `${storagePrefix}/nowhere/${domain}/lost-run/inputs/inputs.pb`);
    expect(blob).toBeUndefined();
  });

  test("an unknown domain is refused", async () => {
    const id = { case: "runId" as const, value: runId("odd-domain", { domain: "moon" }) };
    expect(await codeOf(api.runs.createRun(createRequest({ id })))).toBe(Code.InvalidArgument);
  });

  test("neither id nor task is an invalid argument [runs 13]", async () => {
    const { task, id } = createRequest();
    expect(await codeOf(api.runs.createRun(task === undefined ? {} : { task }))).toBe(Code.InvalidArgument);
    expect(await codeOf(api.runs.createRun(id === undefined ? {} : { id }))).toBe(Code.InvalidArgument);
  });

  test("a task that was never deployed is not found [runs 14]", async () => {
    const value = { project, domain, name: "demo.unknown", version: "v1" };
    expect(await codeOf(api.runs.createRun(createRequest({ task: { case: "taskId", value } })))).toBe(Code.NotFound);
  });

  test("times outside the years 1 to 9999 are invalid arguments", async () => {
    const request = createRequest({ runStartTime: { seconds: 1n << 60n, nanos: 0 } });
    expect(await codeOf(api.runs.createRun(request))).toBe(Code.InvalidArgument);
  });
});

describe("the task", () => {
  test("an inline spec names the task of the row and registers nothing [runs 15]", async () => {
    await api.runs.createRun(createRequest({ id: named("inline-task") }));
    expect(await rowOf(api, "inline-task")).toMatchObject({
      task_project: project,
      task_domain: domain,
      task_name: "demo.add",
      task_version: "v1",
      task_type: "raw-container",
    });
    expect(await api.rows("SELECT 1 FROM tasks WHERE name = 'demo.add'")).toHaveLength(0);
  });

  test("a deployed spec is enqueued byte for byte [runs 16]", async () => {
    const taskId = { project, domain, name: "demo.deployed", version: "v3" };
    const spec = addTask({ shortName: "deployed" });
    await api.client(TaskService).deployTask({ taskId, spec });
    await api.runs.createRun(createRequest({ id: named("by-id"), task: { case: "taskId", value: taskId } }));
    const { action } = await enqueuedFor(api, "by-id");
    const enqueued = action.spec.case === "task" ? action.spec.value.spec : undefined;
    if (enqueued === undefined) throw new Error("no spec enqueued");
    expect(Buffer.from(toBinary(TaskSpecSchema, enqueued))).toEqual(Buffer.from(toBinary(TaskSpecSchema, spec)));
  });
});

describe("the inputs", () => {
  const defaults = [
    { name: "z", parameter: { behavior: { case: "default" as const, value: integer(26) } } },
    { name: "x", parameter: { behavior: { case: "default" as const, value: integer(99) } } },
    { name: "y", parameter: { behavior: { case: "default" as const, value: integer(25) } } },
    { name: "needed", parameter: { behavior: { case: "required" as const, value: true } } },
  ];
  const task = { case: "taskSpec" as const, value: addTask({ defaultInputs: defaults }) };

  test("inline inputs are stored with context and missing defaults in order of declaration [runs 17]", async () => {
    const value = { literals: [{ name: "x", value: integer(1) }], context: [{ key: "k", value: "v" }] };
    await api.runs.createRun(createRequest({ id: named("inline-in"), task, inputWrapper: { case: "inputs", value } }));
    const stored = await inputsAt(api, `${base}/inline-in/inputs/inputs.pb`);
    const expected = [
      { name: "x", value: integer(1) },
      { name: "z", value: integer(26) },
      { name: "y", value: integer(25) },
    ];
    expect(stored).toEqual(create(InputsSchema, { literals: expected, context: value.context }));
  });

  test("without inputs the blob holds just the defaults [runs 18]", async () => {
    await api.runs.createRun(createRequest({ id: named("no-in"), task, inputWrapper: { case: undefined } }));
    const stored = await inputsAt(api, `${base}/no-in/inputs/inputs.pb`);
    expect(stored.literals.map(({ name }) => name)).toEqual(["z", "x", "y"]);
  });

  test("offloaded inputs are passed on by their folder and nothing is written [runs 19]", async () => {
    const uri = "mem://flyte-data/uploads/abc";
    const inputWrapper = { case: "offloadedInputData" as const, value: { uri, inputsHash: "h" } };
    await api.runs.createRun(createRequest({ id: named("offloaded"), inputWrapper }));
    expect(await statObject(api.stores, `${base}/offloaded/inputs/inputs.pb`)).toBeUndefined();
    expect((await enqueuedFor(api, "offloaded")).action.inputUri).toBe(uri);
    const info = fromBinary(RunInfoSchema, (await rowOf(api, "offloaded"))["detailed_info"] as Uint8Array);
    expect(info.inputsUri).toBe(`${uri}/inputs.pb`);
  });

  test.each(["mem://other/base", "mem://other/base/"])(
    "run base dir %s moves inputs and outputs [runs 20]",
    async (dir) => {
      const run = dir.endsWith("/") ? "slashed" : "plain";
      await api.runs.createRun(createRequest({ id: named(run), runSpec: { runBaseDir: dir } }));
      const folder = `mem://other/base/${project}/${domain}/${run}`;
      expect((await inputsAt(api, `${folder}/inputs/inputs.pb`)).literals).toHaveLength(1);
      const { action, runSpec } = await enqueuedFor(api, run);
      expect(action.runOutputBase).toBe(`${folder}/`);
      expect(runSpec?.rawDataStorage?.rawDataPrefix).toBe(storagePrefix);
    },
  );

  test("the row has the inputs message, the actions service its folder [runs 22]", async () => {
    await api.runs.createRun(createRequest({ id: named("two-uris") }));
    const spec = fromBinary(ActionSpecSchema, (await rowOf(api, "two-uris"))["action_spec"] as Uint8Array);
    expect(spec.inputUri).toBe(`${base}/two-uris/inputs/inputs.pb`);
    expect((await enqueuedFor(api, "two-uris")).action.inputUri).toBe(`${base}/two-uris/inputs`);
  });
});

describe("what is written and sent", () => {
  test("the root row has every column of a queued run [runs 21]", async () => {
    await api.runs.createRun(createRequest({ id: named("columns"), source: RunSource.CLI }));
    const row = await rowOf(api, "columns");
    expect(row).toMatchObject({
      project,
      domain,
      parent_action_name: null,
      action_group: null,
      phase: 1,
      attempts: 1,
      cache_status: 0,
      action_type: 1,
      run_source: "RUN_SOURCE_CLI",
      task_short_name: "add",
      function_name: "demo.add",
      environment_name: "demo",
      trigger_name: null,
      created_by: null,
      ended_at: null,
    });
    expect(Buffer.from(row["action_details"] as Uint8Array).toString()).toBe("{}");
    expect(row["created_at"]).toEqual(row["updated_at"]);
    const spec = fromBinary(ActionSpecSchema, row["action_spec"] as Uint8Array);
    expect(spec.runOutputBase).toBe(`${base}/columns/`);
    expect(spec.spec.case).toBe("task");
    expect(fromBinary(RunSpecSchema, row["run_spec"] as Uint8Array).rawDataStorage?.rawDataPrefix).toBe(storagePrefix);
    const { taskSpecDigest } = fromBinary(RunInfoSchema, row["detailed_info"] as Uint8Array);
    expect(await api.rows("SELECT 1 FROM task_specs WHERE digest = $1", [taskSpecDigest])).toHaveLength(1);
  });

  test("the enqueued action is a0 with task, output base, run spec and a present cache key [runs 23,24]", async () => {
    await api.runs.createRun(createRequest({ id: named("sent"), runSpec: { queue: "q" } }));
    const { action, runSpec } = await enqueuedFor(api, "sent");
    expect(action.actionId).toEqual(actionId("sent"));
    expect(action.runOutputBase).toBe(`${base}/sent/`);
    expect(action.spec.case === "task" && action.spec.value.id?.name).toBe("demo.add");
    expect(action.spec.case === "task" && action.spec.value.cacheKey).toBe("");
    expect(runSpec?.queue).toBe("q");
    expect([action.parentActionName, action.group, action.subject]).toEqual([undefined, "", ""]);
  });

  test("the answer has the queued phase, a start time, one attempt and no org [runs 30]", async () => {
    const id = { case: "runId" as const, value: runId("answer", { org: "anything" }) };
    const { run } = await api.runs.createRun(createRequest({ id }));
    expect(run?.action?.id).toEqual(actionId("answer"));
    expect(run?.action?.status).toMatchObject({ phase: ActionPhase.QUEUED, attempts: 1 });
    expect(run?.action?.status?.startTime).toBeDefined();
    expect(run?.action?.metadata?.spec).toMatchObject({ case: "task", value: { shortName: "add" } });
  });

  test("the run spec comes back with every field [runs 28]", async () => {
    const runSpec = create(RunSpecSchema, {
      labels: { values: { team: "a" } },
      annotations: { values: { note: "b" } },
      envs: { values: [{ key: "E", value: "1" }] },
      interruptible: false,
      overwriteCache: true,
      queue: "q",
      rawDataStorage: { rawDataPrefix: "mem://raw" },
      securityContext: { runAs: { k8sServiceAccount: "sa" } },
      cacheConfig: { overwriteCache: true, cacheLookupScope: 2 },
      notificationSettings: { case: "notificationRuleName", value: "rule" },
      runStartTime: at(5),
      maxActionConcurrency: 7,
      runBaseDir: "mem://other/all",
      relatedTo: runId("before"),
      clusterPool: "pool",
      taskSpecSource: 2,
      relation: { relatedTo: runId("before"), relationType: 1 },
      recover: { forceRerunActions: ["a1"] },
    });
    await api.runs.createRun(createRequest({ id: named("all-fields"), runSpec }));
    const { details } = await api.runs.getRunDetails({ runId: runId("all-fields") });
    expect(details?.runSpec).toEqual(runSpec);
  });

  test("executed_by is who the trusted headers name, and absent without any [runs 29]", async () => {
    const token = `h.${Buffer.from(JSON.stringify({ sub: "s-1", email: "s@example.org" })).toString("base64url")}.x`;
    const headers = { "X-Amzn-Oidc-Data": token };
    const known = await api.runs.createRun(createRequest(), { headers });
    const user = known.run?.action?.metadata?.executedBy?.principal;
    expect(user?.case === "user" ? [user.value.id?.subject, user.value.spec?.email] : []).toEqual([
      "s-1",
      "s@example.org",
    ]);
    const anonymous = await api.runs.createRun(createRequest());
    expect(anonymous.run?.action?.metadata?.executedBy).toBeUndefined();
  });
});
