import type { Clock } from "@flyte-dataplane/core";

/** Lets one loop sleep until it is woken or a time has come; a call while it is awake makes the next sleep end at once. */
export class WakeSignal {
  #rung = false;
  #sleeper: AbortController | undefined;

  wake(): void {
    this.#rung = true;
    this.#sleeper?.abort();
  }

  /** Sleeps until woken, at most `ms` milliseconds; without `ms` for as long as it takes. */
  async sleep(clock: Clock, ms: number | undefined): Promise<void> {
    if (!this.#rung) {
      const sleeper = new AbortController();
      this.#sleeper = sleeper;
      if (ms === undefined) await aborted(sleeper.signal);
      else
        await Promise.race([
          clock.sleep(ms, { signal: sleeper.signal }).catch(() => undefined),
          aborted(sleeper.signal),
        ]);
      this.#sleeper = undefined;
    }
    this.#rung = false;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
