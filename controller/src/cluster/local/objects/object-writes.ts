/**
 * What each write makes of the object that is there: pure, so that the store can decide at once and make it durable
 * afterwards. A result without `resourceVersion` change is the same object; `undefined` is none.
 */
import { isDeepStrictEqual } from "node:util";
import { DataPlaneError, type KubernetesObject } from "@flyte-dataplane/core";
import type { DeleteOptions, MergePatch, PatchOptions } from "../../cluster.ts";
import { mergePatch } from "./merge-patch.ts";
import { checkMetadata } from "./object-names.ts";
import { admitPodSpec, defaultGraceSeconds } from "./pod-admission.ts";
import { isJsonObject, type JsonObject, type ObjectKind, type StoredMeta, type StoredObject } from "./stored-object.ts";
import { admitTaskActionSpec } from "./task-action-admission.ts";

/** What a write may know of the world. */
export interface WriteContext {
  readonly kind: ObjectKind;
  readonly namespace: string;
  readonly nowMs: number;
  readonly newUid: () => string;
}

/** As much as an object may weigh, as JSON: the limit of a usual kube-apiserver. */
const maxObjectBytes = 1_572_864;

/** The object to store for a create; the caller gives it its version. Status is the status writer's, so it is dropped. */
export function created(context: WriteContext, given: KubernetesObject): StoredObject {
  const ref = refOf(context.kind, given.metadata?.name);
  const { apiVersion, metadata, ...rest } = plain(ref, given) as unknown as StoredObject;
  if (!isJsonObject(metadata)) throw invalid(ref, "metadata is missing");
  checkMetadata(ref, metadata);
  if (metadata.namespace !== undefined && metadata.namespace !== context.namespace) {
    throw invalid(ref, `there is no namespace "${String(metadata.namespace)}"`);
  }
  const { deletionTimestamp, deletionGracePeriodSeconds, ...kept } = metadata;
  void [deletionTimestamp, deletionGracePeriodSeconds];
  const meta: StoredMeta = {
    ...kept,
    namespace: context.namespace,
    uid: context.newUid(),
    resourceVersion: "",
    generation: 1,
    creationTimestamp: rfc3339(context.nowMs),
  };
  const spec = context.kind === "Pod" ? admitPodSpec(ref, rest.spec) : admitTaskActionSpec(ref, rest.spec);
  return { ...withoutStatus(rest), apiVersion, kind: context.kind, metadata: meta, spec };
}

/** The object after a merge patch; the very same one when nothing changes. */
export function patched(
  context: WriteContext,
  old: StoredObject,
  given: MergePatch,
  subresource: PatchOptions["subresource"],
): StoredObject {
  const ref = refOf(context.kind, old.metadata.name);
  const patch = plain(ref, given);
  checkPreconditions(ref, old, patch["metadata"]);
  if (subresource === "status") {
    const status = mergePatch(old.status, patch["status"] ?? {});
    if (!isJsonObject(status)) throw invalid(ref, "status is not an object");
    return isDeepStrictEqual(status, old.status ?? {}) ? old : { ...old, status };
  }
  const merged = mergePatch(old, withoutStatus(patch)) as StoredObject;
  const metadata = keepServerOwned(merged.metadata, old.metadata);
  checkMetadata(ref, metadata);
  checkFinalizers(ref, old.metadata, metadata);
  const specChanged = !isDeepStrictEqual(merged.spec, old.spec);
  if (specChanged && context.kind === "Pod") throw invalid(ref, "the spec of a Pod does not change");
  if (specChanged) admitTaskActionSpec(ref, merged.spec);
  const generation = old.metadata.generation + (specChanged ? 1 : 0);
  const next = { ...merged, apiVersion: old.apiVersion, kind: old.kind, metadata: { ...metadata, generation } };
  return isDeepStrictEqual(next, old) ? old : next;
}

/**
 * The object once its deletion was asked for; the very same one when that changes nothing. Whether it may go is
 * `isRemovable`'s to say.
 */
export function deleted(context: WriteContext, old: StoredObject, options: DeleteOptions): StoredObject {
  const ref = refOf(context.kind, old.metadata.name);
  if (options.uid !== undefined && options.uid !== old.metadata.uid) {
    throw new DataPlaneError("aborted", `delete ${ref}: it is another object now, with uid ${old.metadata.uid}`, {
      ref,
    });
  }
  const grace = context.kind === "Pod" ? podGrace(old, options) : 0;
  const { deletionTimestamp, deletionGracePeriodSeconds } = old.metadata;
  // A second request may shorten the time left, never lengthen it.
  if (deletionTimestamp !== undefined && grace >= (deletionGracePeriodSeconds ?? 0)) return old;
  return {
    ...old,
    metadata: {
      ...old.metadata,
      generation: old.metadata.generation + 1,
      deletionTimestamp: rfc3339(context.nowMs + grace * 1_000),
      deletionGracePeriodSeconds: grace,
    },
  };
}

/** True when nothing holds back the removal of an object under deletion. */
export function isRemovable({ metadata }: StoredObject): boolean {
  const waits = (metadata.deletionGracePeriodSeconds ?? 0) > 0;
  return metadata.deletionTimestamp !== undefined && !waits && (metadata.finalizers ?? []).length === 0;
}

/** RFC 3339 in UTC with milliseconds: on one machine they tell more than the seconds Kubernetes keeps. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}

/** A Pod with nothing left to stop goes at once; any other gets at least a second, so that its containers are seen ended. */
function podGrace(pod: StoredObject, options: DeleteOptions): number {
  const phase = pod.status?.["phase"];
  if (phase === "Succeeded" || phase === "Failed") return 0;
  const asked = options.gracePeriodSeconds ?? pod.spec?.["terminationGracePeriodSeconds"];
  return Math.max(1, typeof asked === "number" ? asked : defaultGraceSeconds);
}

function checkPreconditions(ref: string, old: StoredObject, meta: unknown): void {
  if (meta === undefined || meta === null) return;
  if (!isJsonObject(meta)) throw invalid(ref, "metadata is not an object");
  for (const field of ["uid", "resourceVersion"] as const) {
    const expected = meta[field];
    if (expected === undefined || expected === null || expected === "") continue;
    if (expected !== old.metadata[field]) {
      throw new DataPlaneError("aborted", `patch ${ref}: its ${field} is ${old.metadata[field]} now; read it again`, {
        ref,
      });
    }
  }
  const name = meta["name"];
  if (name !== undefined && name !== old.metadata.name) throw invalid(ref, "a patch cannot rename");
}

function checkFinalizers(ref: string, old: StoredMeta, next: StoredMeta): void {
  if (old.deletionTimestamp === undefined) return;
  const had = new Set(old.finalizers ?? []);
  if ((next.finalizers ?? []).some((finalizer) => !had.has(finalizer))) {
    throw invalid(ref, "a finalizer cannot be added once deletion was asked for");
  }
}

/** `merged` with the fields that no patch changes as they were. */
function keepServerOwned(merged: StoredMeta, old: StoredMeta): StoredMeta {
  const { deletionTimestamp, deletionGracePeriodSeconds, ...rest } = merged;
  void [deletionTimestamp, deletionGracePeriodSeconds];
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp } = old;
  const deletion: Partial<StoredMeta> =
    old.deletionTimestamp === undefined
      ? {}
      : { deletionTimestamp: old.deletionTimestamp, deletionGracePeriodSeconds: old.deletionGracePeriodSeconds ?? 0 };
  return { ...rest, ...deletion, name, namespace, uid, resourceVersion, generation, creationTimestamp };
}

function withoutStatus<T extends { readonly status?: unknown }>(object: T): Omit<T, "status"> {
  const { status, ...rest } = object;
  void status;
  return rest;
}

/** An own copy as plain JSON, so that nobody else holds what is stored. */
function plain(ref: string, value: unknown): JsonObject {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > maxObjectBytes) throw invalid(ref, `it has more than ${maxObjectBytes} bytes`);
  return JSON.parse(text) as JsonObject;
}

function refOf(kind: ObjectKind, name: string | undefined): string {
  return `${kind.toLowerCase()} "${String(name).slice(0, 80)}"`;
}

function invalid(ref: string, fault: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `store ${ref}: ${fault}`, { ref });
}
