/** What a TaskAction asks for, read once per pass out of its spec; a fault in it is the author's to mend. */
import { fromBinary } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  attemptPrefix,
  currentAttempt,
  errorCode,
  inputsFolder,
  inputsUri,
  outputsUri,
  previousCheckpointUri,
  type TaskAction,
} from "@flyte-dataplane/core";
import { type TaskTemplate, TaskTemplateSchema } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import { type Failure, userFailure } from "./failure.ts";

export interface Task {
  readonly template: TaskTemplate;
  readonly type: string;
  /** 1-based. */
  readonly attempt: number;
  /** Where this attempt writes. */
  readonly prefix: string;
  readonly outputsUri: string;
  readonly inputsFolder: string;
  readonly inputsUri: string;
  /** Checkpoints of the attempt before; empty text for the first. */
  readonly previousCheckpoint: string;
  /** Attempts that the user's budget allows in all. */
  readonly maxAttempts: number;
  readonly backoff: RetryDelay;
  readonly limits: TimeLimits;
  readonly interruptible: boolean;
  readonly hasOutputs: boolean;
  readonly cache: { readonly discoverable: boolean; readonly serializable: boolean };
}

export interface RetryDelay {
  readonly baseMs: number;
  readonly factor: number;
  readonly capMs: number;
}

/** Milliseconds; absent means no limit. */
export interface TimeLimits {
  readonly running?: number;
  readonly queued?: number;
  readonly deadline?: number;
}

export type TaskReading =
  | { readonly kind: "task"; readonly task: Task }
  | {
      readonly kind: "fault";
      readonly failure: Failure;
      readonly reason: "InvalidSpec" | "PluginNotFound" | "PermanentFailure";
    };

const required = [
  "runName",
  "project",
  "domain",
  "actionName",
  "taskType",
  "taskTemplate",
  "inputUri",
  "runOutputBase",
] as const;

export function readTask(action: TaskAction): TaskReading {
  const missing = required.filter((field) => (action.spec[field] ?? "") === "");
  if (missing.length > 0) return fault("InvalidSpec", `the action lacks ${missing.join(", ")}`, "InvalidSpec");
  let template: TaskTemplate;
  try {
    template = fromBinary(TaskTemplateSchema, Buffer.from(action.spec.taskTemplate ?? "", "base64"));
  } catch (error) {
    return fault("BadTaskSpecification", `the task template cannot be decoded: ${messageOf(error)}`);
  }
  const unsupported = unsupportedType(action.spec.taskType ?? "", template);
  if (unsupported !== undefined) return fault("PluginNotFound", unsupported, "PluginNotFound");
  if (template.metadata?.discoverable === true && template.id === undefined) {
    return fault(
      "BadTaskSpecification",
      "the task wants its outputs cached, which needs an identifier in its template",
    );
  }
  try {
    return { kind: "task", task: taskOf(action, template) };
  } catch (error) {
    if (errorCode(error) !== "invalid_argument") throw error;
    return fault("InvalidSpec", messageOf(error), "InvalidSpec");
  }
}

function taskOf(action: TaskAction, template: TaskTemplate): Task {
  const { spec } = action;
  const ref = {
    runOutputBase: spec.runOutputBase ?? "",
    namespace: action.metadata.namespace ?? "",
    runName: spec.runName,
    actionName: spec.actionName,
    attempt: currentAttempt(action),
  };
  const prefix = attemptPrefix(ref);
  const metadata = template.metadata;
  const backoff = metadata?.retries?.backoff;
  const running = positive(metadata?.timeout);
  const queued = positive(metadata?.timeouts?.queuedTimeout);
  const deadline = positive(metadata?.timeouts?.deadline);
  const own = metadata?.interruptibleValue.case === "interruptible" ? metadata.interruptibleValue.value : false;
  return {
    template,
    type: spec.taskType ?? "",
    attempt: ref.attempt,
    prefix,
    outputsUri: outputsUri(prefix),
    inputsFolder: inputsFolder(spec.inputUri ?? ""),
    inputsUri: inputsUri(spec.inputUri ?? ""),
    previousCheckpoint: previousCheckpointUri(ref),
    maxAttempts: (metadata?.retries?.retries ?? 0) + 1,
    backoff: {
      baseMs: milliseconds(backoff?.base) ?? 0,
      factor: backoff?.factor ?? 1,
      capMs: milliseconds(backoff?.cap) ?? Number.POSITIVE_INFINITY,
    },
    limits: {
      ...(running === undefined ? {} : { running }),
      ...(queued === undefined ? {} : { queued }),
      ...(deadline === undefined ? {} : { deadline }),
    },
    interruptible: spec.interruptible ?? own,
    hasOutputs: (template.interface?.outputs?.variables.length ?? 0) > 0,
    cache: { discoverable: metadata?.discoverable ?? false, serializable: metadata?.cacheSerializable ?? false },
  };
}

/** Types whose container is only a part of what they need: running it alone would do the wrong thing quietly. */
const needsPlugin = /^(spark|ray|dask|mpi|pytorch|tensorflow|clustered|connector|sleep)(\b|[-_])/i;

function unsupportedType(type: string, template: TaskTemplate): string | undefined {
  if (needsPlugin.test(type))
    return `task type "${type}" needs a plugin that is not installed; install it or use a container task`;
  const target = template.target.case;
  if (target === "container" || target === "k8sPod") return undefined;
  return `task type "${type}" has no plugin, and its template names no container to run instead`;
}

function fault(
  code: string,
  message: string,
  reason: "InvalidSpec" | "PluginNotFound" | "PermanentFailure" = "PermanentFailure",
): TaskReading {
  return { kind: "fault", failure: userFailure(code, message, "none"), reason };
}

function positive(duration: Duration | undefined): number | undefined {
  const ms = milliseconds(duration);
  return ms !== undefined && ms > 0 ? ms : undefined;
}

export function milliseconds(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : Number(duration.seconds) * 1000 + duration.nanos / 1_000_000;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
