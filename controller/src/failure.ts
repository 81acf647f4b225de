/** Why an attempt ended, and what may be tried next. Codes are those of the contract's 6.11. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly kind: "USER" | "SYSTEM";
  /**
   * `retry`: another attempt, if the user's budget has one. `relaunch`: the same attempt again, paid for by the
   * system's budget. `none`: the action fails now.
   */
  readonly recovery: "retry" | "relaunch" | "none";
  /** The action ends as TIMED_OUT instead of FAILED, if this is its end. */
  readonly timedOut?: boolean;
  /** The primary was killed by a signal nobody accounts for; twice in a row it counts as the task's own doing. */
  readonly killed?: boolean;
}

export function userFailure(code: string, message: string, recovery: Failure["recovery"] = "retry"): Failure {
  return { code, message, kind: "USER", recovery };
}

export function systemFailure(code: string, message: string, recovery: Failure["recovery"] = "relaunch"): Failure {
  return { code, message, kind: "SYSTEM", recovery };
}
