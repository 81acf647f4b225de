import type { KubernetesObject } from "./kubernetes-object.ts";

/** The custom resource that is the truth about one action. Byte fields are standard base64 text. */
export interface TaskAction extends KubernetesObject {
  readonly spec: TaskActionSpec;
  /** Absent or empty on a new object: phase unspecified. */
  readonly status?: TaskActionStatus;
}

export type ActionType = "task" | "condition";

/** Immutable after create. */
export interface TaskActionSpec {
  readonly runName: string;
  readonly project: string;
  readonly domain: string;
  /** `a0` for the root. */
  readonly actionName: string;
  /** Absent on the root. */
  readonly parentActionName?: string;
  /** Absent or empty means `task`. */
  readonly actionType?: ActionType | "";
  /** Serialized workflow.ConditionAction. */
  readonly conditionSpec?: string;
  /** The inputs message or its folder. */
  readonly inputUri?: string;
  readonly runOutputBase?: string;
  /** The version part of the cache key, as the caller sent it. */
  readonly cacheKey?: string;
  readonly taskType?: string;
  readonly shortName?: string;
  /** Serialized core.TaskTemplate. */
  readonly taskTemplate?: string;
  readonly envVars?: Readonly<Record<string, string>>;
  /** Absent: not set for the run. */
  readonly interruptible?: boolean;
  readonly group?: string;
}

/** Written through the status subresource only, field by field; fields we do not know are preserved. */
export interface TaskActionStatus {
  /** For people: JSON with `phase`, `actionId`, `timestamp`. */
  readonly stateJson?: string;
  readonly pluginState?: string;
  readonly pluginStateVersion?: number;
  readonly pluginPhase?: PluginPhase | "";
  readonly pluginPhaseVersion?: number;
  /** 1-based; 0 or absent reads as 1. */
  readonly attempts?: number;
  readonly systemFailures?: number;
  /** A core.CatalogCacheStatus. */
  readonly cacheStatus?: number;
  readonly conditions?: readonly TaskActionCondition[];
  readonly phaseHistory?: readonly PhaseTransition[];
  readonly errorState?: ErrorState;
  /** Serialized core.Literal; set once. */
  readonly signalValue?: string;
  readonly signalledBy?: string;
  /** RFC 3339, whole seconds. */
  readonly signalledAt?: string;
}

export type ConditionType = "Progressing" | "Succeeded" | "Failed";
export type ConditionStatus = "True" | "False" | "Unknown";
export type ConditionReason =
  | "Queued"
  | "Initializing"
  | "Executing"
  | "RetryableFailure"
  | "Paused"
  | "Completed"
  | "Signaled"
  | "PermanentFailure"
  | "Aborted"
  | "InvalidSpec"
  | "PluginNotFound"
  | "TimedOut";

export interface TaskActionCondition {
  /** A {@link ConditionType}; newer writers may know more. */
  readonly type: string;
  readonly status: ConditionStatus;
  /** A {@link ConditionReason}; newer writers may know more. */
  readonly reason: string;
  readonly message: string;
  /** RFC 3339; moves only when `status` changes. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

export interface PhaseTransition {
  readonly phase: string;
  /** RFC 3339. */
  readonly occurredAt: string;
  readonly message?: string;
}

export interface ErrorState {
  readonly code?: string;
  readonly kind?: "USER" | "SYSTEM" | "";
  readonly message?: string;
}

/** Names of the plugin phases; the index is the phase's number. */
export const pluginPhases = [
  "PhaseUndefined",
  "PhaseNotReady",
  "PhaseWaitingForResources",
  "PhaseQueued",
  "PhaseInitializing",
  "PhaseRunning",
  "PhaseSuccess",
  "PhaseRetryableFailure",
  "PhasePermanentFailure",
  "PhaseWaitingForCache",
  "PhaseAborted",
] as const;

export type PluginPhase = (typeof pluginPhases)[number];

/** Lengths that the resource's schema enforces, or that we keep to so that a status always fits. */
export const taskActionLimits = {
  /** Characters; runName, actionName, parentActionName. */
  name: 30,
  /** Characters; project, domain, taskType, shortName. */
  label: 63,
  /** Characters; cacheKey, group. */
  text: 256,
  /** UTF-8 bytes of a condition's message. */
  conditionMessageBytes: 8192,
  /** UTF-8 bytes of errorState.message. */
  errorMessageBytes: 16384,
  /** UTF-8 bytes of a phaseHistory entry's message. */
  historyMessageBytes: 1024,
  /** Entries kept from the start and from the end of a longer phaseHistory. */
  historyHead: 8,
  historyTail: 56,
} as const;

/** Whether the action has ended; a terminal status never changes again. */
export function isTerminal(action: TaskAction): boolean {
  return conditionIsTrue(action, "Succeeded") || conditionIsTrue(action, "Failed");
}

export function conditionIsTrue(action: TaskAction, type: ConditionType): boolean {
  return findCondition(action, type)?.status === "True";
}

/** Absent means Unknown. */
export function findCondition(action: TaskAction, type: ConditionType): TaskActionCondition | undefined {
  return action.status?.conditions?.find((condition) => condition.type === type);
}

/** Current attempt, 1-based. */
export function currentAttempt(action: TaskAction): number {
  return Math.max(1, action.status?.attempts ?? 1);
}

export function actionTypeOf(action: TaskAction): ActionType {
  return action.spec.actionType === "condition" ? "condition" : "task";
}
