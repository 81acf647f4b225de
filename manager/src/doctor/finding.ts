/** What `doctor` says: one finding per question, in words that tell what to do. */
import { type Clock, DataPlaneError } from "@flyte-dataplane/core";

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

/** Asks one question. What it rejects with is a fault in the words of the error, as is no answer in time. */
export async function look(
  clock: Clock,
  check: string,
  ask: (signal: AbortSignal) => Promise<Answer> | Answer,
): Promise<Finding> {
  const late = new AbortController();
  const done = new AbortController();
  const tooLate = clock.sleep(patienceMs, { signal: done.signal }).then(
    (): Answer => {
      late.abort(new DataPlaneError("deadline_exceeded", "no answer in time"));
      return { state: "fault", told: `no answer within ${patienceMs / 1000} s` };
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

/** One line, with what lies behind it where that says more. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = error.message.split("\n").map((line) => line.trim());
  return lines.join("; ");
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
