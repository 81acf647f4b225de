/** What the executor remembers of an attempt from pass to pass: JSON under `ctl` in `status.stateJson`, under 1 KiB. */
import type { TaskAction } from "@flyte-dataplane/core";

export type Stage = "NotStarted" | "Started" | "Draining" | "BackingOff" | "WaitingForCache";

/** Times are milliseconds since the epoch. */
export interface ControlState {
  readonly v: 1;
  readonly stage: Stage;
  /** The Pod of this attempt that is being followed, or drained. */
  readonly podUid?: string;
  /** Its start, to tell its files from those of an earlier one. */
  readonly podStartedMs?: number;
  /** Reason of the current phase. */
  readonly reason?: string;
  /** No Pod is created before. */
  readonly notBefore?: number;
  /** This Pod runs since. */
  readonly runningSince?: number;
  /** The attempt exists since. */
  readonly attemptSince?: number;
  /** The attempt was first seen running. */
  readonly attemptRanSince?: number;
  /** Highest event version used in this attempt, by ActionPhase number. */
  readonly versions: Readonly<Record<string, number>>;
  /** The last relaunch was for a kill that nobody accounted for. */
  readonly killed?: boolean;
  /** The Pod succeeded but its outputs are not there. */
  readonly missing?: { readonly since: number; readonly looks: number };
  /** The create was refused since, and how often. */
  readonly refused?: { readonly since: number; readonly times: number };
  /** The status is terminal although its event could not be delivered. */
  readonly eventPending?: boolean;
}

export function initialControlState(attemptSince: number): ControlState {
  return { v: 1, stage: "NotStarted", attemptSince, versions: {} };
}

/** The stored state; undefined for a new object and for one that another controller wrote. */
export function readControlState(action: TaskAction): ControlState | undefined {
  const text = action.status?.stateJson;
  if (text === undefined || text === "") return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null || !("ctl" in parsed)) return undefined;
    const { ctl } = parsed;
    return isControlState(ctl) ? ctl : undefined;
  } catch {
    // Observability text of another writer; what matters is found again from the Pod.
    return undefined;
  }
}

/** When the status was last written, in milliseconds since the epoch; 0 where that is unknown. */
export function lastWrittenMs(action: TaskAction): number {
  try {
    const parsed: unknown = JSON.parse(action.status?.stateJson ?? "{}");
    const text = typeof parsed === "object" && parsed !== null && "timestamp" in parsed ? parsed.timestamp : undefined;
    return typeof text === "string" ? Date.parse(text) || 0 : 0;
  } catch {
    return 0;
  }
}

function isControlState(value: unknown): value is ControlState {
  if (typeof value !== "object" || value === null) return false;
  const { v, stage, versions } = value as Partial<ControlState>;
  return v === 1 && typeof stage === "string" && typeof versions === "object" && versions !== null;
}

/** The whole of `status.stateJson`; `reason` is cut so that the text stays small. */
export function stateJson(action: TaskAction, phase: string, ctl: ControlState, nowMs: number): string {
  const actionId = `${action.spec.runName}/${action.spec.actionName}`;
  const reason = ctl.reason === undefined ? {} : { reason: ctl.reason.slice(0, 256) };
  return JSON.stringify({ phase, actionId, timestamp: new Date(nowMs).toISOString(), ctl: { ...ctl, ...reason } });
}
