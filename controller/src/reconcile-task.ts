/** A live task action: from nothing to a Pod, and along with it until it ends (contract 4.3, 4.5). Pure. */
import { currentAttempt } from "@flyte-dataplane/core";
import { CatalogCacheStatus } from "@flyte-dataplane/proto/flyteidl2/core/catalog";
import type { Pod } from "./cluster/pod-object.ts";
import { type ControlState, initialControlState, readControlState } from "./control-state.ts";
import { fail, giveUp, succeed } from "./ending.ts";
import { type Failure, systemFailure, userFailure } from "./failure.ts";
import { documentFailure, failureOfBoth, freshOutputs, outputsVerdict } from "./outputs-verdict.ts";
import { hasFinalizer, isAttempt, isBeingDeleted, ownedBy } from "./ownership.ts";
import { createdMs, type LiveStep, live, type PassState, passState } from "./pass-state.ts";
import { podVerdict } from "./phase.ts";
import { lookAgain, type Next, needs, type Observation, type Plan } from "./plan.ts";
import { needsInputs } from "./pod/template-text.ts";
import { buildPod } from "./pod.ts";
import { readTask } from "./task.ts";
import { expiredLimit, nextLimitMs } from "./time-limits.ts";

export function reconcileTask(seen: Observation): Plan {
  const { action, nowMs } = seen;
  const reading = readTask(action);
  if (reading.kind === "fault") {
    const ctl = readControlState(action) ?? initialControlState(createdMs(action, nowMs));
    return giveUp(
      {
        seen,
        action,
        ctl,
        attempt: currentAttempt(action),
        systemFailures: action.status?.systemFailures ?? 0,
        cacheStatus: 0,
      },
      reading.failure,
      reading.reason,
    );
  }
  if (!hasFinalizer(action)) return { events: [], writes: [{ kind: "add-finalizer" }], next: { kind: "now" } };
  const pass = passState(seen, reading.task);
  const plan = pass.ctl.stage === "Started" ? follow(pass) : start(pass);
  return withTimers(pass, plan);
}

/** Every live action is looked at again at its next deadline, and once in a while in any case. */
function withTimers(pass: PassState, plan: Plan): Plan {
  if (plan.next.kind === "now" || plan.next.kind === "needs") return plan;
  const { nowMs, policy } = pass.seen;
  // Limits that begin with this very look stand in what it is about to write.
  const written = plan.writes.find((write) => write.kind === "patch-status")?.status.ctl;
  const limitMs = nextLimitMs({ ...pass, ctl: written ?? pass.ctl });
  const times = [plan.next.kind === "at" ? plan.next.ms : undefined, nowMs + policy.safetyPollMs, limitMs];
  return { ...plan, next: { kind: "at", ms: Math.min(...times.filter((ms) => ms !== undefined)) } };
}

function start(pass: PassState): Plan {
  const { seen, ctl, action, attempt } = pass;
  const { pod, nowMs } = seen;
  const limit = expiredLimit(pass);
  if (limit !== undefined) return fail(pass, limit);
  if (pod !== undefined) {
    const drained = ctl.stage === "Draining" && pod.metadata.uid === ctl.podUid;
    if (drained || !ownedBy(pod, action) || !isAttempt(pod, action, attempt)) return awaitRemoval(pass, pod);
    return adopt(pass, pod);
  }
  if (ctl.notBefore !== undefined && nowMs < ctl.notBefore) return lookAgain(ctl.notBefore);
  if (seen.refusal !== undefined) return refused(pass, seen.refusal);
  const cached = ctl.stage === "Draining" ? undefined : consultCache(pass);
  return cached ?? create(pass);
}

/** A Pod that must go before ours can be made. */
function awaitRemoval(pass: PassState, pod: Pod): Plan {
  const { nowMs } = pass.seen;
  if (!isBeingDeleted(pod))
    return { events: [], writes: [{ kind: "delete-pod", pod }], next: { kind: "at", ms: nowMs + 1_000 } };
  const overdueMs = Date.parse(pod.metadata.deletionTimestamp ?? "") + 60_000;
  if (nowMs < overdueMs || Number.isNaN(overdueMs)) return lookAgain(nowMs + 10_000);
  return live(pass, {
    phase: "PhaseQueued",
    reason: "waiting for node to confirm termination",
    ctl: pass.ctl,
    next: { kind: "at", ms: nowMs + 60_000 },
  });
}

/** Ours, whether made in this pass or found after a crash: from now on this UID is the one that is followed. */
function adopt(pass: PassState, pod: Pod): Plan {
  const { uid, creationTimestamp } = pod.metadata;
  const {
    notBefore: _notBefore,
    refused: _refused,
    missing: _missing,
    runningSince: _runningSince,
    ...rest
  } = pass.ctl;
  const ctl: ControlState = {
    ...rest,
    stage: "Started",
    podStartedMs: Date.parse(creationTimestamp ?? "") || pass.seen.nowMs,
    ...(uid === undefined ? {} : { podUid: uid }),
  };
  return live(pass, {
    phase: "PhaseQueued",
    reason: "task submitted to K8s",
    ctl,
    cacheStatus: cacheStatusOf(pass),
    next: { kind: "now" },
  });
}

/** Undefined when there is nothing to wait for and nothing was found. */
function consultCache(pass: PassState): Plan | undefined {
  const { seen, task } = pass;
  if (!task.cache.discoverable) return undefined;
  if (seen.cache === undefined) return needs("cache");
  if (seen.cache.kind === "hit") return succeed(pass);
  if (seen.cache.kind !== "reserved") return undefined;
  const delayMs = Math.min(15_000, 2_000 * (0.8 + 0.4 * seen.random));
  return live(pass, {
    phase: "PhaseWaitingForCache",
    reason: `waiting for ${seen.cache.owner} to fill the cache`,
    ctl: { ...pass.ctl, stage: "WaitingForCache" },
    cacheStatus: CatalogCacheStatus.CACHE_MISS,
    next: { kind: "at", ms: seen.nowMs + delayMs },
  });
}

function cacheStatusOf({ seen, cacheStatus }: PassState): CatalogCacheStatus {
  switch (seen.cache?.kind) {
    case "miss":
      return CatalogCacheStatus.CACHE_MISS;
    case "skipped":
      return CatalogCacheStatus.CACHE_SKIPPED;
    case "unavailable":
      return CatalogCacheStatus.CACHE_LOOKUP_FAILURE;
    default:
      return cacheStatus;
  }
}

function create(pass: PassState): Plan {
  const { seen, ctl, task, action } = pass;
  if (seen.inputs === undefined && needsInputs(task)) return needs("inputs");
  const built = buildPod({
    action,
    task,
    name: pass.podName,
    policy: seen.policy.pod,
    ...(seen.inputs === undefined ? {} : { inputs: seen.inputs }),
  });
  if (built.kind === "fault") return fail(pass, built.failure);
  const before = ctl.stage === "Draining" ? [{ kind: "remove-files" } as const] : [];
  return { events: [], writes: [...before, { kind: "create-pod", pod: built.pod }], next: { kind: "now" } };
}

const forbiddenPatienceMs = 5 * 60_000;

function refused(pass: PassState, refusal: NonNullable<Observation["refusal"]>): Plan {
  const { nowMs, random } = pass.seen;
  if (refusal.code === "invalid_argument") return fail(pass, userFailure("InvalidResource", refusal.message, "none"));
  const history = { since: pass.ctl.refused?.since ?? nowMs, times: (pass.ctl.refused?.times ?? 0) + 1 };
  if (refusal.code === "permission_denied" && nowMs - history.since >= forbiddenPatienceMs) {
    return fail(pass, systemFailure("Forbidden", refusal.message, "none"));
  }
  const delayMs = Math.min(60_000, 5_000 * 2 ** (history.times - 1)) * (0.8 + 0.4 * random);
  const notBefore = Math.round(nowMs + delayMs);
  return live(pass, {
    phase: "PhaseWaitingForResources",
    reason: refusal.message,
    ctl: { ...pass.ctl, refused: history, notBefore },
    next: { kind: "at", ms: notBefore },
  });
}

function follow(pass: PassState): Plan {
  const { seen, ctl, action, attempt, systemFailures } = pass;
  const { pod, policy, nowMs } = seen;
  if (pod === undefined) return rescue(pass);
  if (pod.metadata.uid !== ctl.podUid)
    return isAttempt(pod, action, attempt) ? adopt(pass, pod) : awaitRemoval(pass, pod);
  const verdict = podVerdict(pod, { nowMs, grace: policy.grace, killedBefore: ctl.killed === true });
  switch (verdict.kind) {
    case "unchanged":
      return lookAgain(nowMs + policy.safetyPollMs);
    case "success":
      return succeededPod(pass);
    case "failure":
      return failedPod(pass, verdict.failure, verdict.files);
    case "live": {
      const limit = expiredLimit(pass);
      if (limit !== undefined) return fail(pass, limit);
      const running = verdict.phase === "PhaseRunning";
      const since = running
        ? { runningSince: ctl.runningSince ?? nowMs, attemptRanSince: ctl.attemptRanSince ?? nowMs }
        : {};
      const stable =
        running && ctl.runningSince !== undefined && nowMs - ctl.runningSince >= policy.systemFailureResetAfterMs;
      return live(pass, {
        phase: verdict.phase,
        reason: verdict.reason,
        ctl: { ...ctl, ...since },
        ...(stable && systemFailures > 0 ? { systemFailures: 0 } : {}),
        ...heartbeat(pass, verdict.lookAgainAtMs),
      });
    }
  }
}

const heartbeatEveryMs = 4_000;

/** The reservation of a running task is kept by looking at it often enough. */
function heartbeat({ task, seen }: PassState, lookAgainAtMs: number | undefined): Pick<LiveStep, "writes" | "next"> {
  const at = (ms: number | undefined): Next => (ms === undefined ? { kind: "never" } : { kind: "at", ms });
  if (!task.cache.discoverable || !task.cache.serializable) return { next: at(lookAgainAtMs) };
  return {
    writes: [{ kind: "extend-reservation" }],
    next: at(Math.min(lookAgainAtMs ?? Number.POSITIVE_INFINITY, seen.nowMs + heartbeatEveryMs)),
  };
}

function succeededPod(pass: PassState): Plan {
  const { seen, ctl, task } = pass;
  if (seen.files === undefined) return needs("files");
  const verdict = outputsVerdict(seen.files, {
    nowMs: seen.nowMs,
    podStartedMs: podStart(pass),
    hasOutputs: task.hasOutputs,
    maxOutputBytes: seen.policy.maxOutputBytes,
    ...(ctl.missing === undefined ? {} : { missing: ctl.missing }),
  });
  switch (verdict.kind) {
    case "failure":
      return fail(pass, verdict.failure);
    case "success": {
      const plan = succeed(pass);
      return verdict.writeEmpty ? { ...plan, writes: [{ kind: "write-empty-outputs" }, ...plan.writes] } : plan;
    }
    case "look-again":
      return live(pass, {
        phase: "PhaseRunning",
        reason: ctl.reason ?? "",
        ctl: { ...ctl, missing: verdict.missing },
        next: { kind: "at", ms: verdict.atMs },
      });
  }
}

function failedPod(pass: PassState, failure: Failure, files: boolean): Plan {
  if (!files) return fail(pass, failure);
  if (pass.seen.files === undefined) return needs("files");
  return fail(pass, failureOfBoth(failure, pass.seen.files, podStart(pass)));
}

/** The Pod object is gone; what its task left behind may still tell how it ended. */
function rescue(pass: PassState): Plan {
  const { seen } = pass;
  if (seen.files === undefined) return needs("files");
  const failure = documentFailure(seen.files, podStart(pass));
  if (failure !== undefined) return fail(pass, failure);
  if (freshOutputs(seen.files, podStart(pass)) !== undefined) return succeededPod(pass);
  return fail(pass, systemFailure("ResourceDeletedExternally", "the Pod was deleted by someone else before it ended"));
}

function podStart({ ctl, seen }: PassState): number {
  return ctl.podStartedMs ?? seen.nowMs;
}
