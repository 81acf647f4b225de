/** Runs raw container tasks on a server as an SDK would, and tells how they ended. */
import { create } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { type ActionIdentifier, ProjectIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import {
  ContainerSchema,
  DataLoadingConfig_FileInputLayout,
  DataLoadingConfig_LiteralMapFormat,
  DataLoadingConfigSchema,
  TaskMetadataSchema,
  TaskTemplateSchema,
} from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import {
  BlobType_BlobDimensionality,
  LiteralTypeSchema,
  SimpleType,
} from "@flyte-dataplane/proto/flyteidl2/core/types";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { InputsSchema, type Outputs } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { type TaskSpec, TaskSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";
import type { ActionDetails } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";

export const inputFolder = "/var/inputs";
export const outputFolder = "/var/outputs";

const project = create(ProjectIdentifierSchema, { organization: "", name: "flytesnacks", domain: "development" });

/** A variable's type: a simple one, or `file`. */
export type VariableType = SimpleType | "file";

export interface RawTask {
  /** The words that are run; a text is run by the shell. */
  readonly command: string | readonly string[];
  readonly inputs?: Readonly<Record<string, VariableType>>;
  readonly outputs?: Readonly<Record<string, VariableType>>;
  readonly retries?: number;
  readonly type?: string;
}

export interface Ended {
  readonly phase: string;
  readonly details: ActionDetails;
  /** What the run says about its failure; empty when it has none. */
  readonly message: string;
  /** `USER` or `SYSTEM` with a failure. */
  readonly kind: string;
  /** Names the kind of failure: `ContainerToolNotFound`. */
  readonly code: string;
  readonly attempts: number;
}

export interface TaskRunner {
  readonly transport: Transport;
  /** Uploads `inputs` as the SDK does and runs the task to its end, which must come within a minute. */
  run(task: RawTask, inputs?: Readonly<Record<string, Literal>>): Promise<Ended>;
  /** The same with a document that lies at `uri` already. */
  runOn(task: RawTask, uri: string): Promise<Ended>;
  /** Starts the task, without inputs. */
  start(task: RawTask): Promise<ActionIdentifier>;
  /** How the action ended, which must come within a minute. */
  untilEnded(actionId: ActionIdentifier): Promise<Ended>;
  outputs(ended: Ended): Promise<Outputs>;
}

const terminal = new Set([ActionPhase.SUCCEEDED, ActionPhase.FAILED, ActionPhase.ABORTED, ActionPhase.TIMED_OUT]);
const kinds = ["UNSPECIFIED", "USER", "SYSTEM"];

export function createTaskRunner(url: string): TaskRunner {
  const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1", useBinaryFormat: true });
  const dataproxy = createClient(DataProxyService, transport);
  const runs = createClient(RunService, transport);
  const id = { case: "projectId", value: project } as const;

  const startOn = async (task: RawTask, uri: string): Promise<ActionIdentifier> => {
    const created = await runs.createRun({
      id,
      task: { case: "taskSpec", value: taskSpec(task) },
      inputWrapper: { case: "offloadedInputData", value: { uri, inputsHash: `hash of ${uri}` } },
    });
    const actionId = created.run?.action?.id;
    if (actionId === undefined) throw new Error("the answer names no action");
    return actionId;
  };

  const upload = async (task: RawTask, inputs: Readonly<Record<string, Literal>>): Promise<string> => {
    const uploaded = await dataproxy.uploadInputs({
      id,
      task: { case: "taskSpec", value: taskSpec(task) },
      inputs: create(InputsSchema, {
        literals: Object.entries(inputs).map(([name, value]) => ({ name, value })),
      }),
    });
    return uploaded.offloadedInputData?.uri ?? "";
  };

  const untilEnded: TaskRunner["untilEnded"] = async (actionId) => {
    for await (const { details } of runs.watchActionDetails({ actionId }, { timeoutMs: 60_000 })) {
      if (details === undefined) continue;
      const phase = details.status?.phase ?? ActionPhase.UNSPECIFIED;
      if (!terminal.has(phase)) continue;
      const error = details.result.case === "errorInfo" ? details.result.value : undefined;
      return {
        phase: ActionPhase[phase],
        details,
        message: error?.message ?? "",
        kind: kinds[error?.kind ?? 0] ?? "",
        code: error?.code ?? "",
        attempts: details.attempts.length,
      };
    }
    throw new Error("the watch ended before the run did");
  };

  return {
    transport,
    untilEnded,
    start: async (task) => await startOn(task, await upload(task, {})),
    runOn: async (task, uri) => await untilEnded(await startOn(task, uri)),
    run: async (task, inputs = {}) => await untilEnded(await startOn(task, await upload(task, inputs))),
    outputs: async ({ details }) => {
      const { outputs } = await dataproxy.getActionData({ ...(details.id && { actionId: details.id }) });
      if (outputs === undefined) throw new Error("the answer holds no outputs");
      return outputs;
    },
  };
}

/** The task's wire form. */
export function taskSpec(task: RawTask): TaskSpec {
  const command = typeof task.command === "string" ? ["sh", "-c", task.command] : [...task.command];
  const variables = (all: Readonly<Record<string, VariableType>> = {}) => ({
    variables: Object.entries(all).map(([key, type]) => ({ key, value: { type: literalType(type) } })),
  });
  return create(TaskSpecSchema, {
    taskTemplate: create(TaskTemplateSchema, {
      id: { project: project.name, domain: project.domain, name: "bad.input", version: "1" },
      type: task.type ?? "raw-container",
      metadata: create(TaskMetadataSchema, { retries: { retries: task.retries ?? 0 } }),
      interface: { inputs: variables(task.inputs), outputs: variables(task.outputs) },
      target: {
        case: "container",
        value: create(ContainerSchema, {
          image: "busybox:1.37",
          command,
          dataConfig: create(DataLoadingConfigSchema, {
            enabled: true,
            inputPath: inputFolder,
            outputPath: outputFolder,
            format: DataLoadingConfig_LiteralMapFormat.JSON,
            fileInputLayout: DataLoadingConfig_FileInputLayout.DIRECT,
          }),
        }),
      },
    }),
  });
}

function literalType(type: VariableType) {
  if (type !== "file") return create(LiteralTypeSchema, { type: { case: "simple", value: type } });
  const blob = { format: "", dimensionality: BlobType_BlobDimensionality.SINGLE };
  return create(LiteralTypeSchema, { type: { case: "blob", value: blob } });
}
