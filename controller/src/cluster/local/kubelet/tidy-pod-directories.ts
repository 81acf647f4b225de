/** The local cluster's broom: what Pods left on disk goes after a while, so that a machine in use does not fill up. */
import type { Clock, Logger } from "@flyte-dataplane/core";

export interface TidyOptions {
  /** Removes what is old enough and says how many directories that were. */
  readonly collect: () => Promise<number>;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Collects at once and then every `intervalMs` until `signal` aborts. What cannot be removed now is tried again then. */
export async function tidyPodDirectories(options: TidyOptions, signal: AbortSignal): Promise<void> {
  const { collect, intervalMs, clock, logger } = options;
  while (!signal.aborted) {
    try {
      const removed = await collect();
      if (removed > 0) logger.info({ removed }, "directories of pods that are gone removed");
    } catch (error) {
      logger.warn({ err: error }, "directories of pods that are gone not removed");
    }
    // Only the signal ends a sleep early, and the loop sees it too.
    await clock.sleep(intervalMs, { signal }).catch(() => undefined);
  }
}
