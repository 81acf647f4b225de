/** Phases by number, as rows and filters have them, and when a stored phase gives way to a reported one. */
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";

const terminal: ReadonlySet<number> = new Set([
  ActionPhase.SUCCEEDED,
  ActionPhase.FAILED,
  ActionPhase.ABORTED,
  ActionPhase.TIMED_OUT,
  ActionPhase.RECOVERED,
]);

export function isTerminal(phase: number): boolean {
  return terminal.has(phase);
}

export interface PhaseState {
  readonly phase: number;
  readonly attempts: number;
}

/**
 * Whether `next` may replace `stored`: a projection that never goes back. Attempt 0 means "not stated". A final phase
 * takes only itself; a failed or timed-out attempt gives way to a later attempt; a paused action may run on.
 * `phaseGuardSql` says the same to PostgreSQL, and a test holds the two together.
 */
export function mayReplace(stored: PhaseState, next: PhaseState): boolean {
  const attempt = next.attempts === 0 ? stored.attempts : next.attempts;
  if (attempt < stored.attempts) return false;
  const later = attempt > stored.attempts;
  switch (stored.phase) {
    case ActionPhase.SUCCEEDED:
    case ActionPhase.ABORTED:
    case ActionPhase.RECOVERED:
      return next.phase === stored.phase;
    case ActionPhase.FAILED:
    case ActionPhase.TIMED_OUT:
      return next.phase === stored.phase || later;
    case ActionPhase.PAUSED:
      return next.phase >= ActionPhase.RUNNING;
    default:
      return next.phase >= stored.phase || later;
  }
}

/** The guard over columns `phase` and `attempts`; both arguments are SQL expressions. */
export function phaseGuardSql(phase: string, attempts: string): string {
  const attempt = `COALESCE(NULLIF(${attempts}, 0), actions.attempts)`;
  return `${attempt} >= actions.attempts AND CASE
    WHEN actions.phase IN (5, 7, 10) THEN ${phase} = actions.phase
    WHEN actions.phase IN (6, 8) THEN ${phase} = actions.phase OR ${attempt} > actions.attempts
    WHEN actions.phase = 9 THEN ${phase} >= 4
    ELSE ${phase} >= actions.phase OR ${attempt} > actions.attempts END`;
}
