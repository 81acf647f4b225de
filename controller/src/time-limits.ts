/** The three time limits of a task template (contract 4.8): running, queued, and the whole action. Pure. */
import { type Failure, userFailure } from "./failure.ts";
import { createdMs, type PassState } from "./pass-state.ts";
import { duration } from "./pending-phase.ts";

/** The limit that has passed, as the failure it means. */
export function expiredLimit(pass: PassState): Failure | undefined {
  const { nowMs } = pass.seen;
  const { running, queued, deadline } = ends(pass);
  const { limits } = pass.task;
  if (deadline !== undefined && nowMs >= deadline) {
    return {
      ...userFailure(
        "DeadlineExceeded",
        `the action did not end within ${duration(limits.deadline ?? 0)} of its creation`,
        "none",
      ),
      timedOut: true,
    };
  }
  if (queued !== undefined && nowMs >= queued) {
    return {
      ...userFailure("QueuedTimedOut", `the task did not start within ${duration(limits.queued ?? 0)}`, "none"),
      timedOut: true,
    };
  }
  if (running !== undefined && nowMs >= running) {
    return {
      ...userFailure("TaskTimedOut", `the task ran for more than ${duration(limits.running ?? 0)}`),
      timedOut: true,
    };
  }
  return undefined;
}

/** When the first of them will pass. */
export function nextLimitMs(pass: PassState): number | undefined {
  const times = Object.values(ends(pass)).filter((ms): ms is number => ms !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

interface Ends {
  readonly running: number | undefined;
  readonly queued: number | undefined;
  readonly deadline: number | undefined;
}

function ends({ task, ctl, action, seen }: PassState): Ends {
  if (!seen.policy.timeoutsEnabled) return { running: undefined, queued: undefined, deadline: undefined };
  const created = createdMs(action, seen.nowMs);
  const { running, queued, deadline } = task.limits;
  return {
    running: running === undefined || ctl.attemptRanSince === undefined ? undefined : ctl.attemptRanSince + running,
    queued:
      queued === undefined || ctl.attemptRanSince !== undefined ? undefined : (ctl.attemptSince ?? created) + queued,
    deadline: deadline === undefined ? undefined : created + deadline,
  };
}
