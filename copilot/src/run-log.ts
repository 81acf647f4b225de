import type { Clock, Logger } from "@flyte-dataplane/core";
import type { Tally } from "./tally.ts";

export interface RunLogOptions {
  readonly log: Logger;
  readonly clock: Clock;
  readonly tally: Tally;
  /** Milliseconds; 0: no progress is told. */
  readonly progressMs: number;
}

/** What the log tells of one run: progress at a fixed interval, and one line that sums it up. */
export class RunLog {
  readonly #options: RunLogOptions;
  readonly #started: number;
  readonly #over = new AbortController();

  /** Begins to tell. */
  constructor(options: RunLogOptions) {
    this.#options = options;
    this.#started = options.clock.now();
    if (options.progressMs > 0) void this.#tell();
  }

  /** The last line; `message` says how it ended. */
  sumUp(message: string): void {
    this.#over.abort();
    const { files, bytes, retries } = this.#options.tally;
    this.#options.log.info({ files, bytes, retries, seconds: this.#seconds() }, message);
  }

  async #tell(): Promise<void> {
    const { log, clock, tally, progressMs } = this.#options;
    for (;;) {
      try {
        await clock.sleep(progressMs, { signal: this.#over.signal });
      } catch {
        return;
      }
      const { files, bytesSoFar: bytes, retries } = tally;
      log.info({ files, bytes, retries, seconds: this.#seconds() }, "moving");
    }
  }

  #seconds(): number {
    return (this.#options.clock.now() - this.#started) / 1000;
  }
}
