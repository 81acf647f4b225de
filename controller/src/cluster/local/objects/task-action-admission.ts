/** The schema of a TaskAction's spec, as far as a kube-apiserver would check it (contract 2.2). */
import { DataPlaneError } from "@flyte-dataplane/core";
import { isJsonObject, type JsonObject } from "./stored-object.ts";

interface TextLimits {
  readonly required: boolean;
  /** In characters; both ends included, and neither counts for a field that is absent. */
  readonly least: number;
  readonly most: number;
}

const name = (most: number): TextLimits => ({ required: true, least: 1, most });
const optional = (least: number, most: number): TextLimits => ({ required: false, least, most });

const textFields: Readonly<Record<string, TextLimits>> = {
  runName: name(30),
  project: name(63),
  domain: name(63),
  actionName: name(30),
  parentActionName: optional(1, 30),
  cacheKey: optional(0, 256),
  taskType: optional(0, 63),
  shortName: optional(0, 63),
  group: optional(0, 256),
};

const actionTypes: ReadonlySet<unknown> = new Set([undefined, "", "task", "condition"]);

/** The spec itself, unchanged. Rejects with `invalid_argument`, naming the field. */
export function admitTaskActionSpec(ref: string, spec: unknown): JsonObject {
  if (!isJsonObject(spec)) throw invalid(ref, "spec is missing");
  for (const [field, { required, least, most }] of Object.entries(textFields)) {
    const value = spec[field];
    if (value === undefined && !required) continue;
    if (typeof value !== "string" || value.length < least || value.length > most) {
      throw invalid(ref, `spec.${field} must be text of ${least} to ${most} characters`);
    }
  }
  if (!actionTypes.has(spec["actionType"])) throw invalid(ref, 'spec.actionType must be "task" or "condition"');
  return spec;
}

function invalid(ref: string, fault: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `store ${ref}: ${fault}`, { ref });
}
