/** Pods as they are built for a task that the tests describe. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { TaskAction } from "@flyte-dataplane/core";
import type { LiteralMap } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { TaskTemplateSchema } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import { loadConfig } from "@flyte-dataplane/runtime/config";
import type { Pod } from "../../src/cluster/pod-object.ts";
import { type PodDefaults, pluginsSection } from "../../src/config.ts";
import type { Failure } from "../../src/failure.ts";
import type { PodStorage } from "../../src/pod/copilot.ts";
import { buildPod } from "../../src/pod.ts";
import { readTask } from "../../src/task.ts";

export type Template = Exclude<MessageInitShape<typeof TaskTemplateSchema>, { readonly $typeName: string }>;

export interface Options {
  readonly template?: Template;
  readonly container?: object;
  readonly attempt?: number;
  readonly base?: string;
  /** Folder of the inputs message. */
  readonly inputUri?: string;
  readonly envVars?: Record<string, string>;
  readonly defaults?: Partial<PodDefaults>;
  readonly inputs?: LiteralMap;
  readonly storage?: PodStorage;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

export const defaults = loadConfig([pluginsSection] as never, { env: {} }).get(pluginsSection).k8s;

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
      inputUri: options.inputUri ?? "/in/r1/a0",
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
    policy: {
      defaults: { ...defaults, ...options.defaults },
      serviceAccount: "",
      ...(options.storage === undefined ? {} : { storage: options.storage }),
    },
    ...(options.inputs === undefined ? {} : { inputs: options.inputs }),
  });
}

export function podOf(options: Options = {}): Pod {
  const built = build(options);
  if (built.kind === "fault") throw new Error(built.failure.message);
  return built.pod;
}

export function faultOf(options: Options): Failure {
  const built = build(options);
  if (built.kind === "pod") throw new Error("a Pod was built");
  return built.failure;
}

export const env = (pod: Pod): Record<string, string | undefined> =>
  Object.fromEntries((pod.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
