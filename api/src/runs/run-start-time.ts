/** Which run specs get a start time (runs contract 3.3): only those of clients that know what to do with one. */
import { clone } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type RunSpec, RunSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/run";
import type { TaskSpec } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";

const first = [2, 3, 6] as const;

/** `spec` itself, or a copy with `runStartTime`: what the spec says wins over `time`. */
export function stampStartTime(spec: RunSpec, task: TaskSpec, time: Timestamp): RunSpec {
  if (spec.runStartTime !== undefined || !knowsStartTime(task.taskTemplate?.metadata?.runtime?.version ?? "")) {
    return spec;
  }
  const stamped = clone(RunSpecSchema, spec);
  stamped.runStartTime = time;
  return stamped;
}

/** Whether an SDK version is 2.3.6 or later; a leading `v` and anything after the three numbers are ignored. */
export function knowsStartTime(version: string): boolean {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version.trim());
  if (match === null) return false;
  const numbers = match.slice(1).map(Number);
  for (const [index, minimum] of first.entries()) {
    const number = numbers[index] ?? 0;
    if (number !== minimum) return number > minimum;
  }
  return true;
}
