import type { KubernetesObject, ObjectMeta } from "@flyte-dataplane/core";

/** Kinds the local cluster keeps. */
export type ObjectKind = "TaskAction" | "Pod";

export type JsonObject = { readonly [field: string]: unknown };

/** Metadata of an object that was accepted: what the server fills in is there. */
export interface StoredMeta extends ObjectMeta {
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
}

/** An accepted object of any kind: deeply frozen plain JSON. */
export interface StoredObject extends KubernetesObject {
  readonly metadata: StoredMeta;
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
}

/** A change that has its place in the order of all changes; `object.metadata.resourceVersion` is `version`. */
export interface ObjectChange {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly kind: ObjectKind;
  readonly version: number;
  readonly object: StoredObject;
}

/** True for what JSON calls an object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Freezes `value` and all it holds; parts that are frozen already are taken as done. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}
