/** The names in double braces that a task's command and arguments may hold (contract 6.5). */
import { checkpointUri, DataPlaneError, formatPrimitive, podName, type TaskAction } from "@flyte-dataplane/core";
import type { Literal, LiteralMap } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { Task } from "../task.ts";

/** Values by lower-case name, in the order in which they are put in. */
export type TemplateValues = ReadonlyMap<string, string>;

export function templateValues(action: TaskAction, task: Task): TemplateValues {
  const pod = podName(action.metadata.name, task.attempt);
  return new Map([
    ["input", task.inputsUri],
    ["outputprefix", task.prefix],
    ["inputprefix", task.inputsFolder],
    ["rawoutputdataprefix", task.prefix],
    ["prevcheckpointprefix", task.previousCheckpoint === "" ? '""' : task.previousCheckpoint],
    ["checkpointoutputprefix", checkpointUri(task.prefix)],
    ["perretryuniquekey", pod.replace(/^[^A-Za-z]+/, "a").replace(/[^A-Za-z0-9_]+/g, "_")],
    ["tasktemplatepath", "inline://taskTemplate"],
    ["namespace", action.metadata.namespace ?? ""],
  ]);
}

const name = /\{\{ *[.$]([A-Za-z]+) *\}\}/g;
const inputName = /\{\{ *[.$]inputs\.([^\s{}]+) *\}\}/gi;

/** Whether rendering wants the values of the task's inputs, so that they must be read first. */
export function needsInputs(task: Task): boolean {
  const { target, interface: typed } = task.template;
  if (target.case !== "container" || (typed?.inputs?.variables.length ?? 0) === 0) return false;
  return [...target.value.command, ...target.value.args].some((text) => text.search(inputName) !== -1);
}

/**
 * `text` with every known name replaced; unknown ones stay. Throws `invalid_argument` for an input that does not
 * exist or has no text. Without `inputs` their names stay.
 */
export function render(text: string, values: TemplateValues, inputs: LiteralMap | undefined): string {
  const named = text.replace(name, (whole, key: string) => values.get(key.toLowerCase()) ?? whole);
  // Values may hold the namespace's name themselves.
  const spaced = named.replace(name, (whole, key: string) =>
    key.toLowerCase() === "namespace" ? (values.get("namespace") ?? whole) : whole,
  );
  if (inputs === undefined) return spaced;
  return spaced.replace(inputName, (_, variable: string) => {
    const literal = inputs.literals[variable];
    if (literal === undefined) throw refuse(variable, "the task has no such input");
    return literalText(variable, literal);
  });
}

function literalText(variable: string, literal: Literal): string {
  const { value } = literal;
  if (value.case === "collection")
    return `[${value.value.literals.map((item) => literalText(variable, item)).join(",")}]`;
  if (value.case !== "scalar") throw refuse(variable, "its type has no text form");
  const scalar = value.value.value;
  switch (scalar.case) {
    case "primitive":
      if (scalar.value.value.case === undefined) throw refuse(variable, "its value is empty");
      return formatPrimitive(scalar.value);
    case "blob":
    case "schema":
      return scalar.value.uri;
    default:
      throw refuse(variable, "its type has no text form");
  }
}

function refuse(variable: string, what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `render input "${variable}" into the command: ${what}`, {
    origin: "user",
  });
}
