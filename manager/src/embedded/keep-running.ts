import { backoffDelay, type Clock, type Logger } from "@flyte-dataplane/core";

export interface KeepRunningOptions {
  readonly isRunning: () => Promise<boolean>;
  /** Rejects when it cannot be started now. */
  readonly start: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** How often somebody looks: a fraction of what a caller waits before calling again. */
const lookMs = 250;
const backoff = { baseMs: 200, maxMs: 10_000 } as const;

/**
 * Starts what died again, until `signal` aborts. A first try may well fail: as long as a process of a killed PostgreSQL
 * lives, no other takes its place.
 */
export async function keepRunning({ isRunning, start, clock, logger, signal }: KeepRunningOptions): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      await clock.sleep(failures === 0 ? lookMs : backoffDelay(backoff, failures, Math.random), { signal });
    } catch {
      return;
    }
    if (await isRunning()) continue;
    if (failures === 0) logger.error({}, "database server died; starting it again");
    try {
      await start();
      logger.info({ failures }, "database server runs again");
      failures = 0;
    } catch (error) {
      failures += 1;
      logger.warn({ error: String(error), failures }, "database server does not start yet");
    }
  }
}
