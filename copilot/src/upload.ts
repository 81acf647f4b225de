import type { TaskFailure } from "@flyte-dataplane/core";
import type { Variable } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { type CollectOptions, collect } from "./upload/collect.ts";
import { primaryFailure } from "./upload/primary-status.ts";
import { type PublishOptions, publish } from "./upload/publish.ts";
import { readTaskError } from "./upload/task-error.ts";

export interface UploadOptions extends PublishOptions, CollectOptions {
  /** What the task declares to give. */
  readonly variables: ReadonlyMap<string, Variable>;
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
  await publish(await collect(options.variables, options), options);
  return undefined;
}
