/** How an attempt ends: success, the next attempt, the same attempt again, or the end of the action (contract 4.7, 4.13). */
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { CatalogCacheStatus } from "@flyte-dataplane/proto/flyteidl2/core/catalog";
import type { ControlState } from "./control-state.ts";
import { type Failure, systemFailure } from "./failure.ts";
import { final, type PassState, ranUnseen, takeVersion } from "./pass-state.ts";
import type { EventDraft, Plan } from "./plan.ts";

export function succeed(pass: PassState, message = ""): Plan {
  const { seen, task } = pass;
  const hit = seen.cache?.kind === "hit";
  // Offered again after a crash, the entry is there already and counts as ours.
  if (task.cache.discoverable && !hit && seen.published === undefined) {
    return { events: [], writes: [{ kind: "publish-cache" }], next: { kind: "now" } };
  }
  return final(pass, {
    phase: ActionPhase.SUCCEEDED,
    pluginPhase: "PhaseSuccess",
    conditionReason: "Completed",
    message: hit ? "cache hit" : message,
    cacheStatus: successCacheStatus(pass, hit),
  });
}

function successCacheStatus({ task, seen, cacheStatus }: PassState, hit: boolean): CatalogCacheStatus {
  if (hit) return CatalogCacheStatus.CACHE_HIT;
  if (!task.cache.discoverable) return cacheStatus;
  return seen.published === "populated" ? CatalogCacheStatus.CACHE_POPULATED : CatalogCacheStatus.CACHE_PUT_FAILURE;
}

/** Applies the failure's own rule and the budgets. */
export function fail(pass: PassState, failure: Failure): Plan {
  switch (failure.recovery) {
    case "none":
      return giveUp(pass, failure);
    case "retry":
      return pass.attempt < pass.task.maxAttempts ? retry(pass, failure) : giveUp(pass, failure);
    case "relaunch":
      return relaunch(pass, failure);
  }
}

export function giveUp(
  pass: Omit<PassState, "task" | "podName">,
  failure: Failure,
  reason: "PermanentFailure" | "InvalidSpec" | "PluginNotFound" = "PermanentFailure",
): Plan {
  const timedOut = failure.timedOut === true;
  return final(pass, {
    phase: timedOut ? ActionPhase.TIMED_OUT : ActionPhase.FAILED,
    pluginPhase: "PhasePermanentFailure",
    conditionReason: timedOut ? "TimedOut" : reason,
    message: failure.message,
    failure,
  });
}

/** The ended attempt is reported as failed and the new one as queued, in that order and in one go. */
function retry(pass: PassState, failure: Failure): Plan {
  const { seen, ctl, task, attempt } = pass;
  const { nowMs } = seen;
  const delayMs = Math.min(task.backoff.capMs, task.backoff.baseMs * task.backoff.factor ** (attempt - 1));
  const notBefore = nowMs + delayMs;
  const reason = delayMs > 0 ? `restarting task at ${new Date(notBefore).toISOString()}` : "restarting task";
  const pod = seen.pod === undefined ? {} : { pod: seen.pod };
  const ended: EventDraft = {
    attempt,
    phase: failure.timedOut === true ? ActionPhase.TIMED_OUT : ActionPhase.FAILED,
    version: takeVersion(ctl.versions, failure.timedOut === true ? ActionPhase.TIMED_OUT : ActionPhase.FAILED, 0)
      .version,
    updatedMs: nowMs,
    message: failure.message,
    failure,
    cacheStatus: pass.cacheStatus,
    gate: { patienceMs: eventLagMs },
    ...pod,
  };
  const fresh: ControlState = {
    v: 1,
    stage: "BackingOff",
    notBefore,
    attemptSince: nowMs,
    reason,
    versions: { [String(ActionPhase.QUEUED)]: 0 },
  };
  const queued: EventDraft = {
    attempt: attempt + 1,
    phase: ActionPhase.QUEUED,
    version: 0,
    updatedMs: nowMs,
    message: reason,
    cacheStatus: pass.cacheStatus,
  };
  return {
    events: [...ranUnseen(pass), ended, queued],
    writes: [
      {
        kind: "patch-status",
        status: {
          pluginPhase: "PhaseQueued",
          conditionReason: "Queued",
          message: reason,
          attempts: attempt + 1,
          systemFailures: 0,
          cacheStatus: pass.cacheStatus,
          ctl: fresh,
        },
      },
    ],
    // The old Pod has another name from here on, and is removed as a stray.
    next: { kind: "now" },
  };
}

/** A task must not stop being tracked because the events service is down. */
const eventLagMs = 60_000;

/** Same attempt, same Pod name: the old Pod must be gone before the new one is made, so this only begins to drain. */
function relaunch(pass: PassState, failure: Failure): Plan {
  const { seen, ctl, systemFailures } = pass;
  const { policy, nowMs } = seen;
  const stable = ctl.runningSince !== undefined && nowMs - ctl.runningSince >= policy.systemFailureResetAfterMs;
  const count = (stable ? 0 : systemFailures) + 1;
  if (count > policy.maxSystemFailures) {
    const message = `gave up after ${count} system failures in a row; the last one was ${failure.code}: ${failure.message}`;
    return giveUp({ ...pass, systemFailures: count }, systemFailure("MaxSystemFailuresExceeded", message, "none"));
  }
  const { baseMs, capMs } = policy.relaunchDelay;
  const delayMs = Math.min(capMs, baseMs * 2 ** (count - 1)) * (0.8 + 0.4 * seen.random);
  const reason = `relaunching after ${failure.code}: ${failure.message}`;
  const { version, versions } = takeVersion(ctl.versions, ActionPhase.QUEUED, 0);
  const drained: ControlState = {
    v: 1,
    stage: "Draining",
    notBefore: Math.round(nowMs + delayMs),
    reason: reason.slice(0, 256),
    versions,
    ...(ctl.podUid === undefined ? {} : { podUid: ctl.podUid }),
    ...(ctl.attemptSince === undefined ? {} : { attemptSince: ctl.attemptSince }),
    ...(ctl.attemptRanSince === undefined ? {} : { attemptRanSince: ctl.attemptRanSince }),
    ...(failure.killed === true ? { killed: true } : {}),
  };
  const event: EventDraft = {
    attempt: pass.attempt,
    phase: ActionPhase.QUEUED,
    version,
    updatedMs: nowMs,
    message: reason,
    cacheStatus: pass.cacheStatus,
    ...(seen.pod === undefined ? {} : { pod: seen.pod }),
  };
  return {
    events: [event],
    writes: [
      {
        kind: "patch-status",
        status: {
          pluginPhase: "PhaseQueued",
          conditionReason: "Queued",
          message: reason,
          attempts: pass.attempt,
          systemFailures: count,
          cacheStatus: pass.cacheStatus,
          failure,
          ctl: drained,
        },
      },
    ],
    next: { kind: "now" },
  };
}
