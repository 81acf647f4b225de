import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { TaskAction } from "@flyte-dataplane/core";
import { VariableMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { type LiteralMap, LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { Resources_ResourceName, TaskTemplateSchema } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import { loadConfig } from "@flyte-dataplane/runtime/config";
import { expect, test } from "vitest";
import type { Pod } from "./cluster/pod-object.ts";
import { type PodDefaults, pluginsSection } from "./config.ts";
import type { Failure } from "./failure.ts";
import { labelValue } from "./pod/metadata.ts";
import { buildPod } from "./pod.ts";
import { readTask } from "./task.ts";

type Template = Exclude<MessageInitShape<typeof TaskTemplateSchema>, { readonly $typeName: string }>;

interface Options {
  readonly template?: Template;
  readonly container?: object;
  readonly attempt?: number;
  readonly base?: string;
  readonly envVars?: Record<string, string>;
  readonly defaults?: Partial<PodDefaults>;
  readonly inputs?: LiteralMap;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

const defaults = loadConfig([pluginsSection] as never, { env: {} }).get(pluginsSection).k8s;

function build(options: Options = {}) {
  const { attempt = 1 } = options;
  const given: Template = {
    id: { project: "home", domain: "d", name: "a.b/c", version: "v1" },
    type: "container",
    target: { case: "container", value: { image: "img", command: ["run"], ...options.container } },
    ...options.template,
  };
  const message = create(TaskTemplateSchema, given);
  const action: TaskAction = {
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: {
      name: "r1-a0",
      namespace: "flyte",
      uid: "u1",
      labels: options.labels ?? {},
      annotations: options.annotations ?? {},
    },
    spec: {
      runName: "r1",
      project: "p",
      domain: "d",
      actionName: "a0",
      taskType: message.type,
      taskTemplate: Buffer.from(toBinary(TaskTemplateSchema, message)).toString("base64"),
      inputUri: "/in/r1/a0",
      runOutputBase: options.base ?? "/out/r1",
      ...(options.envVars === undefined ? {} : { envVars: options.envVars }),
    },
    status: { attempts: attempt },
  };
  const reading = readTask(action);
  if (reading.kind === "fault") throw new Error(reading.failure.message);
  return buildPod({
    action,
    task: reading.task,
    name: `r1-a0-${attempt - 1}`,
    policy: { defaults: { ...defaults, ...options.defaults }, serviceAccount: "" },
    ...(options.inputs === undefined ? {} : { inputs: options.inputs }),
  });
}

function podOf(options: Options = {}): Pod {
  const built = build(options);
  if (built.kind === "fault") throw new Error(built.failure.message);
  return built.pod;
}

function faultOf(options: Options): Failure {
  const built = build(options);
  if (built.kind === "pod") throw new Error("a Pod was built");
  return built.failure;
}

const env = (pod: Pod): Record<string, string | undefined> =>
  Object.fromEntries((pod.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));

test("attempt 3 is the Pod with suffix 2, and everything about it agrees on the attempt [controller 8]", () => {
  const pod = podOf({ attempt: 3, container: { args: ["{{.outputPrefix}}"] } });
  expect(pod.metadata.name).toBe("r1-a0-2");
  expect(pod.metadata.labels?.["attempt"]).toBe("3");
  expect(env(pod)["FLYTE_ATTEMPT_NUMBER"]).toBe("2");
  expect(pod.spec.containers[0]?.args).toEqual(["/out/r1/a0/3"]);
});

test("two builds of one attempt are equal byte for byte", () => {
  const options = { envVars: { B: "2", A: "1" }, labels: { z: "1", a: "2" } };
  expect(JSON.stringify(podOf(options))).toBe(JSON.stringify(podOf(options)));
});

test("a container without resources gets the defaults as requests and limits [controller 100]", () => {
  expect(podOf().spec.containers[0]?.resources).toEqual({
    requests: { cpu: "1000m", memory: "1024Mi" },
    limits: { cpu: "1000m", memory: "1024Mi" },
  });
});

test("a request above its limit comes down to it; each side alone stands for both [controller 100]", () => {
  const { CPU, MEMORY, GPU } = Resources_ResourceName;
  const resources = {
    requests: [
      { name: CPU, value: "4" },
      { name: MEMORY, value: "2Gi" },
    ],
    limits: [
      { name: CPU, value: "2" },
      { name: GPU, value: "1" },
    ],
  };
  expect(podOf({ container: { resources } }).spec.containers[0]?.resources).toEqual({
    requests: { cpu: "2", memory: "2Gi", "nvidia.com/gpu": "1" },
    limits: { cpu: "2", memory: "2Gi", "nvidia.com/gpu": "1" },
  });
});

test("a quantity that is none fails the task by name", () => {
  const resources = { requests: [{ name: Resources_ResourceName.CPU, value: "many" }] };
  expect(faultOf({ container: { resources } })).toMatchObject({
    code: "BadTaskSpecification",
    recovery: "none",
    message: expect.stringContaining('"many"') as string,
  });
});

const inputs = create(LiteralMapSchema, {
  literals: {
    n: {
      value: {
        case: "scalar",
        value: { value: { case: "primitive", value: { value: { case: "integer", value: 42n } } } },
      },
    },
    s: {
      value: {
        case: "scalar",
        value: { value: { case: "primitive", value: { value: { case: "stringValue", value: "a $1 b" } } } },
      },
    },
    f: {
      value: {
        case: "scalar",
        value: { value: { case: "primitive", value: { value: { case: "floatValue", value: 0.5 } } } },
      },
    },
    t: {
      value: {
        case: "scalar",
        value: { value: { case: "primitive", value: { value: { case: "boolean", value: true } } } },
      },
    },
    u: { value: { case: "scalar", value: { value: { case: "blob", value: { uri: "/data/x" } } } } },
    l: {
      value: {
        case: "collection",
        value: {
          literals: [1n, 2n].map((value) => ({
            value: {
              case: "scalar" as const,
              value: { value: { case: "primitive" as const, value: { value: { case: "integer" as const, value } } } },
            },
          })),
        },
      },
    },
    v: { value: { case: "scalar", value: { value: { case: "noneType", value: {} } } } },
  },
});

test.each([
  ["{{.Input}}", "/in/r1/a0/inputs.pb"],
  ["{{ .inputPrefix }}", "/in/r1/a0"],
  ["{{$outputprefix}}", "/out/r1/a0/1"],
  ["{{ $rawOutputDataPrefix}}", "/out/r1/a0/1"],
  ["{{.prevCheckpointPrefix}}", '""'],
  ["{{.checkpointOutputPrefix}}", "/out/r1/a0/1/_flytecheckpoints"],
  ["{{.perRetryUniqueKey}}", "r1_a0_0"],
  ["{{.taskTemplatePath}}", "inline://taskTemplate"],
  ["in {{.Namespace}}", "in flyte"],
  ["{{.inputs.n}}|{{ $Inputs.f }}|{{.inputs.t}}", "42|0.5|true"],
  ["{{.inputs.u}} {{.inputs.l}}", "/data/x [1,2]"],
])("the argument %s becomes %s [controller 101]", (text, rendered) => {
  expect(podOf({ container: { args: [text] }, inputs }).spec.containers[0]?.args).toEqual([rendered]);
});

test.each(["{{.inputs.v}}", "{{.inputs.absent}}"])(
  "the argument %s fails the task for good [controller 101]",
  (text) => {
    expect(faultOf({ container: { args: [text] }, inputs })).toMatchObject({
      code: "BadTaskSpecification",
      kind: "USER",
      recovery: "none",
    });
  },
);

test("the second attempt is told where the first one's checkpoint lies [controller 101]", () => {
  expect(podOf({ attempt: 2, container: { args: ["{{.prevCheckpointPrefix}}"] } }).spec.containers[0]?.args).toEqual([
    "/out/r1/a0/1/_flytecheckpoints",
  ]);
});

test("names that are nobody's stay as they are [controller 102]", () => {
  expect(podOf({ container: { args: ["{{.runName}} {{.actionName}} {{.other}}"] } }).spec.containers[0]?.args).toEqual([
    "{{.runName}} {{.actionName}} {{.other}}",
  ]);
});

test("a value with a dollar sign is put in as it is [controller 103]", () => {
  expect(podOf({ container: { args: ["{{.inputs.s}}"] }, inputs }).spec.containers[0]?.args).toEqual(["a $1 b"]);
  expect(podOf({ base: "/out/$1/$&", container: { args: ["{{.outputPrefix}}"] } }).spec.containers[0]?.args).toEqual([
    "/out/$1/$&/a0/1",
  ]);
});

test("the operator's environment beats the run's, the run's the template's, and identity beats the run's [controller 104]", () => {
  const pod = podOf({
    container: {
      env: [
        { key: "A", value: "template" },
        { key: "B", value: "template" },
        { key: "C", value: "template" },
        { key: "RUN_NAME", value: "template" },
      ],
    },
    envVars: {
      B: "run",
      C: "run",
      RUN_NAME: "forged",
      ACTION_NAME: "forged",
      _U_RUN_BASE: "forged",
      _U_ORG_NAME: "forged",
    },
    defaults: { "default-env-vars": { C: "operator", _U_ORG_NAME: "operator" } },
  });
  expect(env(pod)).toMatchObject({
    A: "template",
    B: "run",
    C: "operator",
    RUN_NAME: "r1",
    ACTION_NAME: "a0",
    _U_RUN_BASE: "/out/r1",
    _U_ORG_NAME: "operator",
    FLYTE_INTERNAL_EXECUTION_PROJECT: "p",
    FLYTE_INTERNAL_TASK_PROJECT: "home",
  });
  const names = (pod.spec.containers[0]?.env ?? []).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test("file storage asks libraries to make folders; an object store does not", () => {
  expect(env(podOf())["FSSPEC_FILE_AUTO_MKDIR"]).toBe("true");
  expect(env(podOf({ base: "s3://b/out" }))["FSSPEC_FILE_AUTO_MKDIR"]).toBeUndefined();
});

test.each([
  ["a.b/c", "a.b-c"],
  ["_x", "xx"],
  ["y".repeat(70), "y".repeat(63)],
  ["", ""],
])("the label value of %j is %j [controller 105]", (text, value) => {
  expect(labelValue(text)).toBe(value);
});

test("the Pod carries who it is, is owned by its action, and inherits neither the action's end nor its abort", () => {
  const pod = podOf({
    labels: {
      team: "x",
      "flyte.org/run": "r1",
      "flyte.org/termination-status": "terminated",
      "flyte.org/terminal-status-recorded": "true",
    },
    annotations: { note: "y", "flyte.org/abort-reason": "z" },
  });
  expect(pod.metadata.labels).toEqual({
    team: "x",
    "flyte.org/run": "r1",
    "flyte.org/managed": "true",
    organization: "flyte",
    project: "p",
    domain: "d",
    run: "r1",
    action: "a0",
    attempt: "1",
    "task-name": "a.b-c",
  });
  expect(pod.metadata.annotations).toEqual({
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    note: "y",
    primary_container_name: "r1-a0-0",
  });
  expect(pod.metadata.ownerReferences).toEqual([
    { apiVersion: "flyte.org/v1", kind: "TaskAction", name: "r1-a0", uid: "u1", controller: true },
  ]);
});

const variables = create(VariableMapSchema, {
  variables: [{ key: "x", value: { type: { type: { case: "simple", value: 1 } } } }],
});
const rawContainer: Options = {
  container: { dataConfig: { enabled: true, inputPath: "/var/inputs", outputPath: "/var/outputs" } },
  template: {
    type: "raw-container",
    interface: { inputs: variables, outputs: variables },
    target: {
      case: "container",
      value: {
        image: "img",
        command: ["run"],
        dataConfig: { enabled: true, inputPath: "/var/inputs", outputPath: "/var/outputs" },
      },
    },
  },
};

test("a raw container stands between its uploader, first and probed, and its downloader, and sees no storage [controller 110]", () => {
  const { spec, metadata } = podOf(rawContainer);
  expect(spec.initContainers?.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
    ["flyte-copilot-uploader", "Always"],
    ["flyte-copilot-downloader", undefined],
  ]);
  expect(spec.initContainers?.[0]?.startupProbe?.exec?.command).toEqual(["/bin/flyte-copilot", "ready"]);
  expect(spec.initContainers?.[0]?.args?.slice(0, 9)).toEqual([
    "sidecar",
    "--timeout",
    "1h0m0s",
    "--to-raw-output",
    "/out/r1/a0/1",
    "--to-output-prefix",
    "/out/r1/a0/1",
    "--from-local-dir",
    "/var/outputs",
  ]);
  expect(spec.initContainers?.[1]?.args?.slice(0, 7)).toEqual([
    "download",
    "--from-remote",
    "/in/r1/a0/inputs.pb",
    "--to-output-prefix",
    "/out/r1/a0/1",
    "--to-local-dir",
    "/var/inputs",
  ]);
  expect(spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(["/var/inputs", "/var/outputs"]);
  expect(spec.terminationGracePeriodSeconds).toBe(3_600);
  expect(metadata.annotations).not.toHaveProperty("primary_container_name");
});

test("with a configured Secret no credential stands on a command line, and only co-pilot mounts it [controller 110]", () => {
  const copilot = { ...defaults["co-pilot"], "storage-config-secret-name": "store" };
  const { spec } = podOf({ ...rawContainer, base: "s3://b/out", defaults: { "co-pilot": copilot } });
  for (const { command = [], args = [] } of spec.initContainers ?? [])
    expect([...command, ...args].join(" ")).not.toMatch(/stow\.config|secret|access_key/);
  expect(
    spec.initContainers?.every(
      ({ volumeMounts }) => volumeMounts?.some(({ mountPath }) => mountPath === "/etc/flyte/copilot") ?? false,
    ),
  ).toBe(true);
  expect(spec.containers[0]?.volumeMounts?.some(({ mountPath }) => mountPath === "/etc/flyte/copilot")).toBe(false);
});

test("an object store that co-pilot cannot be told of keeps the Pod from being built", () => {
  expect(faultOf({ ...rawContainer, base: "s3://b/out" })).toMatchObject({
    code: "BadTaskDefinition",
    kind: "SYSTEM",
    recovery: "none",
  });
});

test("a Pod template needs a primary container that exists", () => {
  const pod = (primary: string): Template => ({
    type: "container",
    target: {
      case: "k8sPod",
      value: { podSpec: { containers: [{ name: "one" }, { name: "two" }] }, primaryContainerName: primary },
    },
  });
  expect(podOf({ template: pod("two") }).spec.containers.map(({ name }) => name)).toEqual(["one", "two"]);
  for (const primary of ["", "three"])
    expect(faultOf({ template: pod(primary) })).toMatchObject({ code: "BadTaskSpecification" });
});
