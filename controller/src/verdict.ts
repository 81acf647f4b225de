/** What a Pod's status comes to, and what judging it needs to know. */
import type { Failure } from "./failure.ts";

export type Verdict =
  | { readonly kind: "live"; readonly phase: LivePhase; readonly reason: string; readonly lookAgainAtMs?: number }
  | { readonly kind: "success" }
  /** `files`: an error document written by the task beats this account. */
  | { readonly kind: "failure"; readonly failure: Failure; readonly files: boolean }
  | { readonly kind: "unchanged" };

export type LivePhase = "PhaseQueued" | "PhaseWaitingForResources" | "PhaseInitializing" | "PhaseRunning";

export interface PodKnowledge {
  readonly nowMs: number;
  readonly grace: GracePeriods;
  /** An earlier relaunch of this attempt was for a kill that nobody accounted for. */
  readonly killedBefore: boolean;
}

/** Milliseconds that a container may stay in a waiting state before it counts as failed. */
export interface GracePeriods {
  readonly createContainerError: number;
  readonly createContainerConfigError: number;
  readonly imagePullBackOff: number;
  /** For the whole Pod; 0 means no limit. */
  readonly pending: number;
}
