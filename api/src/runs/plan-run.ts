/** Everything a new run consists of, worked out before anything is written. Pure but for the clock's reading. */
import { clone, create } from "@bufbuild/protobuf";
import { type Clock, joinUri } from "@flyte-dataplane/core";
import { RawDataStorageSchema, type RunSpec, RunSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/run";
import type { RunSource } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import type { CreateRunRequest } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import type { ApiConfig } from "../config.ts";
import { type ActionKey, invalid, type RunKey, rootActionName } from "../identifiers.ts";
import type { Caller } from "../identity/caller.ts";
import { microsFromTimestamp, timestampFromMs } from "../times.ts";
import type { ResolvedTask } from "./resolve-task.ts";
import { type RunInputs, rootCacheKey } from "./root-cache-key.ts";
import { completeInputs } from "./run-inputs.ts";
import { stampStartTime } from "./run-start-time.ts";

export interface RunPlan {
  readonly action: ActionKey;
  readonly task: ResolvedTask;
  readonly runSpec: RunSpec;
  readonly source: RunSource;
  readonly inputs: RunInputs;
  /** Folder of the inputs, as the actions service is told. */
  readonly inputsFolder: string;
  /** The inputs message itself, as rows have it. */
  readonly inputsUri: string;
  /** Ends with a slash. */
  readonly runOutputBase: string;
  readonly cacheKey: string;
  readonly caller: Caller | undefined;
  readonly digest: Uint8Array;
  readonly traceparent: string | null;
}

export interface PlanOptions {
  readonly request: CreateRunRequest;
  readonly key: RunKey;
  readonly task: ResolvedTask;
  readonly caller: Caller | undefined;
  readonly digest: Uint8Array;
  /** The trace that the run is asked for in; null for none. */
  readonly traceparent: string | null;
}

/** Throws `invalid_argument` for a base or an inputs location that is no storage URI, and for times out of range. */
export function planRun(
  deps: { readonly config: Pick<ApiConfig, "storagePrefix">; readonly clock: Clock },
  { request, key, task, caller, digest, traceparent }: PlanOptions,
): RunPlan {
  const runSpec = runSpecOf(deps, request, task);
  const base = runSpec.runBaseDir === "" ? deps.config.storagePrefix : runSpec.runBaseDir;
  const folder = joinUri(base, key.project, key.domain, key.runName);
  const inputs = inputsOf(request.inputWrapper, task);
  const inputsFolder = inputs.kind === "inline" ? joinUri(folder, "inputs") : offloadedFolder(inputs.data.uri);
  return {
    action: { ...key, name: rootActionName },
    task,
    runSpec,
    source: request.source,
    inputs,
    inputsFolder,
    inputsUri: `${inputsFolder}/inputs.pb`,
    runOutputBase: `${folder}/`,
    cacheKey: rootCacheKey(task.spec, inputs),
    caller,
    digest,
    traceparent,
  };
}

function runSpecOf(
  { config, clock }: { readonly config: Pick<ApiConfig, "storagePrefix">; readonly clock: Clock },
  request: CreateRunRequest,
  task: ResolvedTask,
): RunSpec {
  const given = request.runSpec ?? create(RunSpecSchema);
  const time = request.runStartTime ?? timestampFromMs(clock.now());
  microsFromTimestamp("run_start_time", given.runStartTime ?? time);
  const stamped = stampStartTime(given, task.spec, time);
  if ((stamped.rawDataStorage?.rawDataPrefix ?? "") !== "") return stamped;
  const spec = clone(RunSpecSchema, stamped);
  spec.rawDataStorage = create(RawDataStorageSchema, { rawDataPrefix: joinUri(config.storagePrefix) });
  return spec;
}

function inputsOf(wrapper: CreateRunRequest["inputWrapper"], task: ResolvedTask): RunInputs {
  if (wrapper.case === "offloadedInputData") {
    if (wrapper.value.uri === "") throw invalid("offloaded_input_data.uri: must not be empty");
    return { kind: "offloaded", data: wrapper.value };
  }
  return { kind: "inline", inputs: completeInputs(wrapper.value, task.spec) };
}

/** Callers give the folder, or on a rerun the inputs message of the earlier run; either way verbatim but for that. */
function offloadedFolder(uri: string): string {
  return uri.replace(/\/+$/, "").replace(/\/inputs\.pb$/, "");
}
