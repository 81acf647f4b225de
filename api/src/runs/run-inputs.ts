/** The inputs a run starts with: as the caller left them in the store, or given inline and completed from defaults. */
import { create } from "@bufbuild/protobuf";
import { type Inputs, InputsSchema, NamedLiteralSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import type { TaskSpec } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";

/**
 * `inputs` with the defaults of parameters it does not name appended in the order of their declaration. Names the task
 * does not know stay, and so does the context.
 */
export function completeInputs(inputs: Inputs | undefined, task: TaskSpec): Inputs {
  const given = inputs?.literals ?? [];
  const names = new Set(given.map((literal) => literal.name));
  const missing = task.defaultInputs.flatMap(({ name, parameter }) => {
    if (names.has(name) || parameter?.behavior.case !== "default") return [];
    return [create(NamedLiteralSchema, { name, value: parameter.behavior.value })];
  });
  return create(InputsSchema, { literals: [...given, ...missing], context: inputs?.context ?? [] });
}
