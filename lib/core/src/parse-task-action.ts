import { DataPlaneError } from "./errors.ts";
import { type TaskAction, taskActionLimits } from "./task-action.ts";
import { taskActionApiVersion, taskActionKind } from "./wire-names.ts";

/**
 * Checks an object from outside against the resource's schema and returns it as it is, fields that we do not know
 * included. Throws `invalid_argument` naming the first field that does not fit.
 */
export function parseTaskAction(value: unknown): TaskAction {
  const object = record("object", value);
  if (object["apiVersion"] !== taskActionApiVersion) throw refuse("apiVersion", `expected "${taskActionApiVersion}"`);
  if (object["kind"] !== taskActionKind) throw refuse("kind", `expected "${taskActionKind}"`);
  checkFields("metadata", record("metadata", object["metadata"]), metadataFields);
  checkFields("spec", record("spec", object["spec"]), specFields);
  if (object["status"] !== undefined) checkFields("status", record("status", object["status"]), statusFields);
  return object as unknown as TaskAction;
}

/** Throws for a value that does not fit the place `path`. */
type Check = (path: string, value: unknown) => void;

interface Field {
  readonly check: Check;
  readonly required?: true;
}

const { name, label, text } = taskActionLimits;

const metadataFields: Readonly<Record<string, Field>> = {
  name: { check: textOf(1, 253), required: true },
  namespace: { check: textOf(0, 63) },
  uid: { check: textOf() },
  resourceVersion: { check: textOf() },
  creationTimestamp: { check: textOf() },
  deletionTimestamp: { check: textOf() },
  labels: { check: texts },
  annotations: { check: texts },
  finalizers: { check: listOf(textOf()) },
};

const specFields: Readonly<Record<string, Field>> = {
  runName: { check: textOf(1, name), required: true },
  project: { check: textOf(1, label), required: true },
  domain: { check: textOf(1, label), required: true },
  actionName: { check: textOf(1, name), required: true },
  parentActionName: { check: textOf(1, name) },
  actionType: { check: oneOf("", "task", "condition") },
  conditionSpec: { check: base64 },
  inputUri: { check: textOf() },
  runOutputBase: { check: textOf() },
  cacheKey: { check: textOf(0, text) },
  taskType: { check: textOf(0, label) },
  shortName: { check: textOf(0, label) },
  taskTemplate: { check: base64 },
  envVars: { check: texts },
  interruptible: { check: bool },
  group: { check: textOf(0, text) },
};

const statusFields: Readonly<Record<string, Field>> = {
  stateJson: { check: textOf() },
  pluginState: { check: base64 },
  pluginStateVersion: { check: integer(0, 255) },
  pluginPhase: { check: textOf() },
  pluginPhaseVersion: { check: integer(0, 0xffffffff) },
  attempts: { check: integer(0, 0xffffffff) },
  systemFailures: { check: integer(0, 0xffffffff) },
  cacheStatus: { check: integer(-0x80000000, 0x7fffffff) },
  conditions: {
    check: listOf(
      fieldsOf({
        type: { check: textOf(1, 316), required: true },
        status: { check: oneOf("True", "False", "Unknown"), required: true },
        reason: { check: textOf(1, 1024), required: true },
        message: { check: textOf(0, 32768) },
        lastTransitionTime: { check: textOf(1), required: true },
      }),
    ),
  },
  phaseHistory: {
    check: listOf(
      fieldsOf({
        phase: { check: textOf(), required: true },
        occurredAt: { check: textOf(), required: true },
        message: { check: textOf() },
      }),
    ),
  },
  errorState: {
    check: fieldsOf({ code: { check: textOf() }, kind: { check: textOf() }, message: { check: textOf() } }),
  },
  signalValue: { check: base64 },
  signalledBy: { check: textOf() },
  signalledAt: { check: textOf() },
};

function checkFields(
  path: string,
  object: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, Field>>,
): void {
  for (const [key, field] of Object.entries(fields)) {
    const value = object[key];
    if (value !== undefined) field.check(`${path}.${key}`, value);
    else if (field.required === true) throw refuse(`${path}.${key}`, "it is required");
  }
}

function fieldsOf(fields: Readonly<Record<string, Field>>): Check {
  return (path, value) => checkFields(path, record(path, value), fields);
}

function listOf(item: Check): Check {
  return (path, value) => {
    if (!Array.isArray(value)) throw refuse(path, "expected a list");
    for (const [i, element] of value.entries()) item(`${path}[${i}]`, element);
  };
}

/** Lengths in characters, as the schema counts them. */
function textOf(min: number = 0, max: number = Number.POSITIVE_INFINITY): Check {
  return (path, value) => {
    if (typeof value !== "string") throw refuse(path, "expected text");
    // Counting code points takes time; only text near a limit needs it.
    const length = value.length <= max && value.length >= 2 * min ? value.length : Array.from(value).length;
    if (length < min || length > max) throw refuse(path, `expected ${min} to ${max} characters, got ${length}`);
  };
}

function oneOf(...choices: readonly string[]): Check {
  return (path, value) => {
    if (typeof value !== "string" || !choices.includes(value))
      throw refuse(path, `expected one of ${JSON.stringify(choices)}`);
  };
}

function integer(min: number, max: number): Check {
  return (path, value) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      throw refuse(path, `expected an integer from ${min} to ${max}`);
    }
  };
}

function bool(path: string, value: unknown): void {
  if (typeof value !== "boolean") throw refuse(path, "expected true or false");
}

const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function base64(path: string, value: unknown): void {
  if (typeof value !== "string" || !base64Text.test(value)) throw refuse(path, "expected base64");
}

function texts(path: string, value: unknown): void {
  for (const [key, entry] of Object.entries(record(path, value))) {
    if (typeof entry !== "string") throw refuse(`${path}[${JSON.stringify(key.slice(0, 64))}]`, "expected text");
  }
}

function record(path: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(path, "expected an object");
  return value as Readonly<Record<string, unknown>>;
}

function refuse(path: string, what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `TaskAction ${path}: ${what}`);
}
