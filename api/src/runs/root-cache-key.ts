import { cacheKey, inlineInputsHash, interfaceHash } from "@flyte-dataplane/core";
import type { OffloadedInputData } from "@flyte-dataplane/proto/flyteidl2/common/run";
import type { Inputs } from "@flyte-dataplane/proto/flyteidl2/task/common";
import type { TaskSpec } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";

/** The inputs of a run: the bytes themselves, or where the caller put them and their hash. */
export type RunInputs =
  | { readonly kind: "inline"; readonly inputs: Inputs }
  | { readonly kind: "offloaded"; readonly data: OffloadedInputData };

/** Key of a root action; empty for a task whose outputs are not to be reused. */
export function rootCacheKey(task: TaskSpec, inputs: RunInputs): string {
  const template = task.taskTemplate;
  const metadata = template?.metadata;
  if (template === undefined || metadata?.discoverable !== true) return "";
  const inputsHash =
    inputs.kind === "inline" ? inlineInputsHash(inputs.inputs, metadata.cacheIgnoreInputVars) : inputs.data.inputsHash;
  return cacheKey({
    inputsHash,
    taskName: template.id?.name ?? "",
    interfaceHash: interfaceHash(template.interface),
    discoveryVersion: metadata.discoveryVersion,
  });
}
