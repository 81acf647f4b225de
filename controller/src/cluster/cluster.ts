import type { KubernetesObject, TaskAction } from "@flyte-dataplane/core";
import type { Pod } from "./pod-object.ts";

/**
 * The cluster as the controller sees it: two kinds of objects in one namespace, with Kubernetes' own semantics. Behind it stands a
 * kube-apiserver or the local cluster; the controller cannot tell which.
 */
export interface Cluster {
  readonly namespace: string;
  readonly taskActions: ResourceClient<TaskAction>;
  readonly pods: ResourceClient<Pod>;
}

/**
 * Typed access to one kind. Objects given out are immutable snapshots.
 * Common rejections: `unavailable` (the server cannot be reached; retry), `canceled`.
 */
export interface ResourceClient<T extends KubernetesObject> {
  /** Rejects with `not_found`. */
  get(name: string, options?: ClusterCallOptions): Promise<T>;

  /** Every object, or those carrying all `labels`, with the version a watch can start from. */
  list(options?: ListOptions): Promise<ObjectList<T>>;

  /**
   * Changes after `resourceVersion`, in order. Ends without error when the server closes the stream (normal: start again from the last
   * version seen). Rejects with `out_of_range` when that version is too old (HTTP 410): list again.
   */
  watch(resourceVersion: string, options?: ClusterCallOptions): AsyncIterable<WatchEvent<T>>;

  /**
   * Stores a new object; the server fills uid, resourceVersion and creationTimestamp.
   * Rejects with `already_exists`, `invalid_argument` (422, 400, 413), `permission_denied`, `resource_exhausted` (quota).
   */
  create(object: T, options?: ClusterCallOptions): Promise<T>;

  /**
   * Applies a JSON merge patch to metadata and spec (`subresource` absent) or to status only. A `metadata.resourceVersion` or
   * `metadata.uid` inside the patch is a precondition: rejects with `aborted` when it no longer holds. Rejects with `not_found`.
   * Removing the last finalizer of an object under deletion removes the object.
   */
  patch(name: string, patch: MergePatch, options?: PatchOptions): Promise<T>;

  /**
   * Asks for deletion: an object with finalizers, or a Pod whose containers still run, stays with a deletionTimestamp; owned objects follow
   * it (background propagation). Rejects with `not_found`, or `aborted` when `uid` is another object's.
   */
  delete(name: string, options?: DeleteOptions): Promise<void>;
}

export interface ClusterCallOptions {
  readonly signal?: AbortSignal;
}

export interface ListOptions extends ClusterCallOptions {
  readonly labels?: Readonly<Record<string, string>>;
}

export interface PatchOptions extends ClusterCallOptions {
  readonly subresource?: "status";
}

export interface DeleteOptions extends ClusterCallOptions {
  readonly uid?: string;
  readonly gracePeriodSeconds?: number;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: T;
}

/** RFC 7386: null removes a member, arrays are replaced whole. */
export type MergePatch = { readonly [key: string]: unknown };
