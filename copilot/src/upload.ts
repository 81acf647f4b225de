import type { Clock, TaskFailure } from "@flyte-dataplane/core";
import type { Variable } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { collect } from "./upload/collect.ts";
import { type PublishOptions, publish } from "./upload/publish.ts";
import { readTaskError } from "./upload/task-error.ts";

export interface UploadOptions extends PublishOptions {
  readonly clock: Clock;
  /** Directory that the task wrote to. */
  readonly fromLocalDir: string;
  /** URI under which file data goes. */
  readonly toRawOutput: string;
  /** What the task declares to give. */
  readonly variables: ReadonlyMap<string, Variable>;
}

/**
 * Brings out what an ended task left: its own error if it wrote one, which is returned; else all its outputs, data first,
 * the message that announces them last. Rejects with a `DataPlaneError`; then no message was written.
 */
export async function upload(options: UploadOptions): Promise<TaskFailure | undefined> {
  const failure = await readTaskError(options.fromLocalDir);
  if (failure !== undefined) return failure;
  await publish(await collect(options.variables, options), options);
  return undefined;
}
