/** One pass over a task action: what its status says, made easy to read, and the plans that change it. */
import {
  type ConditionReason,
  currentAttempt,
  type PluginPhase,
  podName,
  type TaskAction,
} from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { actionPhase, isTerminalPhase } from "./action-phase.ts";
import { type ControlState, initialControlState, lastWrittenMs, readControlState } from "./control-state.ts";
import type { Failure } from "./failure.ts";
import { mainContainer } from "./phase.ts";
import type { EventDraft, Next, Observation, Plan, Write } from "./plan.ts";
import { liveReason, type NextStatus } from "./status.ts";
import type { Task } from "./task.ts";
import type { LivePhase } from "./verdict.ts";

export interface PassState {
  readonly seen: Observation;
  readonly action: TaskAction;
  readonly task: Task;
  readonly ctl: ControlState;
  readonly attempt: number;
  readonly systemFailures: number;
  /** A core.CatalogCacheStatus. */
  readonly cacheStatus: number;
  readonly podName: string;
}

export function passState(seen: Observation, task: Task): PassState {
  const { action } = seen;
  const attempt = currentAttempt(action);
  return {
    seen,
    action,
    task,
    attempt,
    ctl: readControlState(action) ?? initialControlState(createdMs(action, seen.nowMs)),
    systemFailures: action.status?.systemFailures ?? 0,
    cacheStatus: action.status?.cacheStatus ?? 0,
    podName: podName(action.metadata.name, attempt),
  };
}

export function createdMs(action: TaskAction, otherwise: number): number {
  const ms = Date.parse(action.metadata.creationTimestamp ?? "");
  return Number.isNaN(ms) ? otherwise : ms;
}

/** The number that the next event of `phase` carries, and the memory of having used it. */
export function takeVersion(
  versions: ControlState["versions"],
  phase: ActionPhase,
  first: number,
): { readonly version: number; readonly versions: ControlState["versions"] } {
  const used = versions[String(phase)];
  const version = used === undefined ? first : used + 1;
  return { version, versions: { ...versions, [String(phase)]: version } };
}

export interface LiveStep {
  readonly phase: LivePhase | "PhaseWaitingForCache";
  readonly reason: string;
  readonly ctl: ControlState;
  readonly cacheStatus?: number;
  readonly systemFailures?: number;
  readonly writes?: readonly Write[];
  readonly next: Next;
}

/** Reports a live phase and stores it; nothing at all where both stand there already. */
export function live(pass: PassState, step: LiveStep): Plan {
  const { action, seen, attempt } = pass;
  const reason = step.reason.slice(0, 256);
  const cacheStatus = step.cacheStatus ?? pass.cacheStatus;
  const systemFailures = step.systemFailures ?? pass.systemFailures;
  const reported =
    action.status?.pluginPhase === step.phase &&
    pass.ctl.reason === reason &&
    pass.cacheStatus === cacheStatus &&
    pass.systemFailures === systemFailures;
  if (reported && JSON.stringify(pass.ctl) === JSON.stringify({ ...step.ctl, reason }))
    return { events: [], writes: step.writes ?? [], next: step.next };
  const phase = eventPhase(step.phase);
  const taken = takeVersion(step.ctl.versions, phase, firstVersion(phase, seen));
  const event: EventDraft = {
    attempt,
    phase,
    version: taken.version,
    updatedMs: seen.nowMs,
    message: step.reason,
    cacheStatus,
    ...(seen.pod === undefined ? {} : { pod: seen.pod }),
  };
  const status: NextStatus = {
    pluginPhase: step.phase,
    conditionReason: liveReason(step.phase),
    message: step.reason,
    attempts: attempt,
    systemFailures,
    cacheStatus,
    ctl: { ...step.ctl, reason, versions: reported ? step.ctl.versions : taken.versions },
  };
  // What only we remember changed: nothing new to tell.
  return {
    events: reported ? [] : [event],
    writes: [{ kind: "patch-status", status }, ...(step.writes ?? [])],
    next: step.next,
  };
}

export interface FinalStep {
  readonly phase: ActionPhase;
  readonly pluginPhase: PluginPhase;
  readonly conditionReason: ConditionReason;
  readonly message: string;
  readonly cacheStatus?: number;
  readonly failure?: Failure;
}

/**
 * A task may start and end between two looks. That it ran is reported all the same, before its end, at the time that
 * the container's status gives; nothing where it was seen running or never ran.
 */
export function ranUnseen(pass: Pick<PassState, "seen" | "ctl" | "attempt" | "cacheStatus">): readonly EventDraft[] {
  const { seen, ctl, attempt, cacheStatus } = pass;
  const { pod } = seen;
  if (pod === undefined || ctl.versions[String(ActionPhase.RUNNING)] !== undefined) return [];
  const name = mainContainer(pod);
  const started = pod.status?.containerStatuses?.find((status) => status.name === name)?.state?.terminated?.startedAt;
  const updatedMs = Date.parse(started ?? "");
  if (Number.isNaN(updatedMs)) return [];
  return [
    {
      attempt,
      phase: ActionPhase.RUNNING,
      version: 1,
      // Never before what was told last.
      updatedMs: Math.max(updatedMs, lastWrittenMs(seen.action)),
      message: "",
      cacheStatus,
      pod,
    },
  ];
}

/** Ends the action: its event first, then the terminal status, then another look to clean up. */
export function final(pass: Omit<PassState, "task" | "podName">, step: FinalStep): Plan {
  const { seen, ctl, attempt, systemFailures } = pass;
  const { version, versions } = takeVersion(ctl.versions, step.phase, 0);
  const cacheStatus = step.cacheStatus ?? pass.cacheStatus;
  const failure = step.failure === undefined ? {} : { failure: step.failure };
  const event: EventDraft = {
    attempt,
    phase: step.phase,
    version,
    updatedMs: seen.nowMs,
    message: step.message,
    cacheStatus,
    gate: { patienceMs: seen.policy.terminalPatienceMs },
    ...failure,
    ...(seen.pod === undefined ? {} : { pod: seen.pod }),
  };
  const status: NextStatus = {
    pluginPhase: step.pluginPhase,
    conditionReason: step.conditionReason,
    message: step.message,
    attempts: attempt,
    systemFailures,
    cacheStatus,
    ctl: { ...ctl, reason: step.message.slice(0, 256), versions },
    ...failure,
  };
  return { events: [...ranUnseen(pass), event], writes: [{ kind: "patch-status", status }], next: { kind: "now" } };
}

/** The event that belongs to the status as it stands, once more with the same key; undefined before the first. */
export function repeatedEvent(seen: Observation): EventDraft | undefined {
  const { action } = seen;
  const ctl = readControlState(action);
  const plugin = action.status?.pluginPhase;
  if (ctl === undefined || plugin === undefined || plugin === "") return undefined;
  const outside = actionPhase(action);
  // Waiting for a signal is no phase of a plugin.
  const phase = isTerminalPhase(outside) || outside === ActionPhase.PAUSED ? outside : eventPhase(plugin);
  const version = ctl.versions[String(phase)];
  if (version === undefined) return undefined;
  const error = action.status?.errorState;
  const failure: Failure | undefined =
    error === undefined || !isTerminalPhase(outside)
      ? undefined
      : {
          code: error.code ?? "",
          message: error.message ?? "",
          kind: error.kind === "SYSTEM" ? "SYSTEM" : "USER",
          recovery: "none",
        };
  return {
    attempt: currentAttempt(action),
    phase,
    version,
    updatedMs: Date.parse(action.status?.phaseHistory?.at(-1)?.occurredAt ?? "") || seen.nowMs,
    message: ctl.reason ?? "",
    cacheStatus: action.status?.cacheStatus ?? 0,
    ...(failure === undefined ? {} : { failure }),
    ...(seen.pod === undefined ? {} : { pod: seen.pod }),
  };
}

/** Running starts at 1 where a container has a status, hence logs. */
function firstVersion(phase: ActionPhase, seen: Observation): number {
  return phase === ActionPhase.RUNNING && (seen.pod?.status?.containerStatuses?.length ?? 0) > 0 ? 1 : 0;
}

function eventPhase(phase: PluginPhase): ActionPhase {
  switch (phase) {
    case "PhaseUndefined":
      return ActionPhase.UNSPECIFIED;
    case "PhaseNotReady":
    case "PhaseQueued":
      return ActionPhase.QUEUED;
    case "PhaseWaitingForResources":
    case "PhaseWaitingForCache":
      return ActionPhase.WAITING_FOR_RESOURCES;
    case "PhaseInitializing":
      return ActionPhase.INITIALIZING;
    case "PhaseRunning":
      return ActionPhase.RUNNING;
    case "PhaseSuccess":
      return ActionPhase.SUCCEEDED;
    case "PhaseRetryableFailure":
    case "PhasePermanentFailure":
      return ActionPhase.FAILED;
    case "PhaseAborted":
      return ActionPhase.ABORTED;
  }
}
