import { DataPlaneError, type TaskFailure } from "@flyte-dataplane/core";
import type { Variable } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { hasReport } from "./error-report.ts";
import { type CollectOptions, collect } from "./upload/collect.ts";
import { primaryFailure } from "./upload/primary-status.ts";
import { type PublishOptions, publish } from "./upload/publish.ts";
import { readTaskError } from "./upload/task-error.ts";

export interface UploadOptions extends PublishOptions, Omit<CollectOptions, "reservedNames"> {
  /** What the task declares to give. */
  readonly variables: ReadonlyMap<string, Variable>;
  /**
   * Inputs were staged for the task. Whoever stages them first removes what earlier pods reported, so a report that is
   * there says that this failed; without, it is an earlier pod's.
   */
  readonly hasInputs: boolean;
  /** Holds the exit status of the task; empty: nobody tells it. */
  readonly primaryStatusFile: string;
}

/**
 * Brings out what an ended task left: its failure if it tells of one, which is returned; else all its outputs, data first,
 * the message that announces them last. Rejects with a `DataPlaneError`; then no message was written.
 */
export async function upload(options: UploadOptions): Promise<TaskFailure | undefined> {
  const failure = (await readTaskError(options.fromLocalDir)) ?? (await primaryFailure(options.primaryStatusFile));
  if (failure !== undefined) return failure;
  // A task that ran on half of its inputs may leave all its outputs, and is no success.
  if (options.hasInputs && (await hasReport(options, options.signal))) {
    throw new DataPlaneError("failed_precondition", "publish outputs: a failure of this attempt was reported before");
  }
  const reservedNames = [options.metaOutputName, options.errorName];
  await publish(await collect(options.variables, { ...options, reservedNames }), options);
  return undefined;
}
