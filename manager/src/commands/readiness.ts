/** Whether a server can do its work, asked over HTTP as any monitor would. */
import type { Clock } from "@flyte-dataplane/core";

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface UntilReadyOptions {
  readonly clock: Clock;
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Told once, when it takes longer than a person waits without asking why. */
  readonly waiting?: (reasons: readonly string[]) => void;
}

const patienceMs = 3000;

/** Asks until the server is ready, for at most `limitMs`; the last answer tells. Rejects with `canceled` once `signal` aborts. */
export async function untilReady(url: string, options: UntilReadyOptions): Promise<Readiness> {
  const from = options.clock.now();
  for (let told = false; ; ) {
    const answer = await askReadiness(url);
    const passed = options.clock.now() - from;
    if (answer.ready || passed > options.limitMs) return answer;
    if (!told && passed > patienceMs) {
      told = true;
      options.waiting?.(answer.reasons);
    }
    await options.clock.sleep(20, { signal: options.signal });
  }
}

/** What `/readyz` of a server says; a server that does not answer is not ready. */
export async function askReadiness(
  url: string,
): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] }> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) });
    const text = await answer.text();
    return answer.ok
      ? { ready: true, reasons: [] }
      : { ready: false, reasons: text.split("\n").filter((line) => line !== "") };
  } catch (error) {
    return { ready: false, reasons: [`it does not answer: ${error instanceof Error ? error.message : String(error)}`] };
  }
}
