/** The vocabulary of reconcile: what it is shown, and what it answers. Data only. */
import type { TaskAction } from "@flyte-dataplane/core";
import type { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import type { LiteralMap } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { Pod } from "./cluster/pod-object.ts";
import type { Failure } from "./failure.ts";
import type { PodPolicy } from "./pod.ts";
import type { NextStatus } from "./status.ts";
import type { GracePeriods } from "./verdict.ts";

/** Everything a decision rests on. The last group is read only when a plan asked for it, and only for that pass. */
export interface Observation {
  readonly action: TaskAction;
  /** The Pod with the current attempt's name, whoever owns it. */
  readonly pod?: Pod;
  /** Pods the action owns beside that one: left over from earlier attempts. */
  readonly strays: readonly Pod[];
  readonly nowMs: number;
  /** In [0, 1), for jitter. */
  readonly random: number;
  /** This process looks at the action for the first time: what an earlier one reported may have been lost. */
  readonly firstLook: boolean;
  readonly policy: Policy;

  readonly files?: Files;
  readonly cache?: CacheLookup;
  readonly inputs?: LiteralMap;
  /** How offering the outputs to the cache went. */
  readonly published?: "populated" | "failed";
  /** The cluster refused the Pod. */
  readonly refusal?: Refusal;
}

export interface Policy {
  readonly maxSystemFailures: number;
  readonly systemFailureResetAfterMs: number;
  readonly relaunchDelay: { readonly baseMs: number; readonly capMs: number };
  readonly safetyPollMs: number;
  readonly maxOutputBytes: number;
  readonly timeoutsEnabled: boolean;
  /** How long a terminal status waits for its event before it is written without. */
  readonly terminalPatienceMs: number;
  /** Delete a succeeded Pod too; its logs are archived first. */
  readonly deleteSucceededPods: boolean;
  readonly grace: GracePeriods;
  readonly pod: PodPolicy;
}

/** What stands under the attempt's prefix. Times are milliseconds since the epoch. */
export interface Files {
  readonly error?: { readonly modifiedMs: number; readonly document: ErrorAccount };
  readonly outputs?: { readonly modifiedMs: number; readonly bytes: number };
}

/** What the task's own error document says; `bad` when it cannot be decoded or says nothing. */
export type ErrorAccount =
  | {
      readonly kind: "error";
      readonly code: string;
      readonly message: string;
      readonly recoverable: boolean;
      readonly origin: "USER" | "SYSTEM";
    }
  | { readonly kind: "bad" };

export type CacheLookup =
  /** The outputs stand under this attempt's prefix now. */
  | { readonly kind: "hit" }
  | { readonly kind: "miss" }
  /** Not asked: the run is to compute afresh. */
  | { readonly kind: "skipped" }
  /** Caching is out of order; the task runs without it. */
  | { readonly kind: "unavailable" }
  /** Someone else is producing the entry. */
  | { readonly kind: "reserved"; readonly owner: string };

export interface Refusal {
  readonly code: "invalid_argument" | "permission_denied" | "resource_exhausted";
  readonly message: string;
}

/**
 * Events up to the last that writes wait for go out before them, the others once the status stands (see `inOrder`);
 * writes are made in order; then the action is looked at again as `next` says.
 */
export interface Plan {
  readonly events: readonly EventDraft[];
  readonly writes: readonly Write[];
  readonly next: Next;
}

export type Next =
  /** Observe afresh and decide again at once. */
  | { readonly kind: "now" }
  /** Decide again with this part of the observation filled in. */
  | { readonly kind: "needs"; readonly part: "files" | "cache" | "inputs" }
  | { readonly kind: "at"; readonly ms: number }
  | { readonly kind: "never" };

export type Write =
  | { readonly kind: "add-finalizer" }
  | { readonly kind: "create-pod"; readonly pod: Pod }
  | { readonly kind: "delete-pod"; readonly pod: Pod; readonly gracePeriodSeconds?: number }
  /** Outputs and error document of an earlier Pod of this attempt. */
  | { readonly kind: "remove-files" }
  | { readonly kind: "write-empty-outputs" }
  | { readonly kind: "publish-cache" }
  | { readonly kind: "extend-reservation" }
  | { readonly kind: "release-cache" }
  | { readonly kind: "patch-status"; readonly status: NextStatus }
  /** Both lifecycle labels and, if present, our finalizer off, in one patch. */
  | { readonly kind: "finish"; readonly completedMs: number }
  /** How the action ended, to its row: once the action is gone nothing is left to tell it from. */
  | { readonly kind: "tell-end" }
  | { readonly kind: "remove-finalizer" };

export interface EventDraft {
  readonly attempt: number;
  readonly phase: ActionPhase;
  /** Unique per (attempt, phase); never reused for other content. */
  readonly version: number;
  readonly updatedMs: number;
  /** Becomes a cluster event; empty for none. */
  readonly message: string;
  readonly failure?: Failure;
  readonly pod?: Pod;
  /** A core.CatalogCacheStatus. */
  readonly cacheStatus: number;
  readonly abortedBy?: string;
  /**
   * The writes of the plan wait until it is accepted, but no longer than this after it was first offered; a terminal
   * status written without its event carries `eventPending`. Absent: nothing waits for it.
   */
  readonly gate?: { readonly patienceMs: number };
}

/**
 * Splits a plan's events. Those that follow the status are known to it: a crash in between loses them for the moment,
 * and the first look of the next process repeats them with the same key and content. Sent before it, a crash would
 * leave a key used that the status knows nothing of, and the next look would use it again for something else.
 */
export function inOrder(events: readonly EventDraft[]): {
  readonly before: readonly EventDraft[];
  readonly after: readonly EventDraft[];
} {
  const last = events.findLastIndex(({ gate }) => gate !== undefined);
  return { before: events.slice(0, last + 1), after: events.slice(last + 1) };
}

export const nothing: Plan = { events: [], writes: [], next: { kind: "never" } };

export function needs(part: "files" | "cache" | "inputs"): Plan {
  return { events: [], writes: [], next: { kind: "needs", part } };
}

export function lookAgain(ms: number): Plan {
  return { events: [], writes: [], next: { kind: "at", ms } };
}
