/** What `doctor` says: one finding per question, in words that tell what to do. */
import { type Clock, DataPlaneError } from "@flyte-dataplane/core";
import { redactText } from "@flyte-dataplane/runtime/lifecycle";

export interface Finding {
  /** What was looked at: `database/migrations`. */
  readonly check: string;
  /** `skipped` where something that is missing makes the question pointless. */
  readonly state: "ok" | "warning" | "fault" | "skipped";
  /** What was seen; of a warning or fault also what to do. */
  readonly told: string;
}

/** A text is good news. */
export type Answer = string | Omit<Finding, "check">;

/** Longer than that nobody waits for a server of theirs either. */
const patienceMs = 15_000;
/** Longer than the questions of a group may take one after the other, so that each tells of itself. */
const groupPatienceMs = 10 * patienceMs;

/** Asks one question. What it rejects with is a fault in the words of the error, as is no answer in time. */
export async function look(
  clock: Clock,
  check: string,
  ask: (signal: AbortSignal) => Promise<Answer> | Answer,
  limitMs: number = patienceMs,
): Promise<Finding> {
  const late = new AbortController();
  const done = new AbortController();
  const tooLate = clock.sleep(limitMs, { signal: done.signal }).then(
    (): Answer => {
      late.abort(new DataPlaneError("deadline_exceeded", "no answer in time"));
      return { state: "fault", told: `no answer within ${limitMs / 1000} s` };
    },
    (): Answer => "",
  );
  const answer = Promise.resolve()
    .then(() => ask(late.signal))
    .catch((error: unknown): Answer => ({ state: "fault", told: wordsOf(error) }));
  const said = await Promise.race([answer, tooLate]);
  done.abort();
  return typeof said === "string" ? { check, state: "ok", told: said } : { check, ...said };
}

/** Asks the questions of one group; what keeps all of them from being asked is a finding, too. */
export async function lookAtGroup(
  clock: Clock,
  name: string,
  ask: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  let found: readonly Finding[] = [];
  const all = async (): Promise<Answer> => {
    found = await ask();
    return "";
  };
  const whole = await look(clock, name, all, groupPatienceMs);
  return whole.state === "ok" ? found : [whole];
}

/** One line, with what lies behind it where that says more. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = error.message.split("\n").map((line) => line.trim());
  return redactText(lines.join("; "));
}

export function warning(told: string): Answer {
  return { state: "warning", told };
}

export function fault(told: string): Answer {
  return { state: "fault", told };
}

export function skipped(told: string): Answer {
  return { state: "skipped", told };
}
