import { abortError, type Clock, DataPlaneError } from "@flyte-dataplane/core";
import type { Database, HeldLock } from "@flyte-dataplane/runtime/database";

export interface WriterLockOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** A server that was killed may hold the lock for a moment more, so it is tried for this long. */
  readonly waitMs: number;
}

/** The right to write the local objects of a database. */
export interface WriterLock {
  /** Aborts once the right is gone for good, with the reason. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** Taken by whoever writes the local objects of a database; the number is only ours ("flyteloc" in ASCII). */
export const localClusterLock = 0x666c7974656c6f63n;

/** How long a database that went away may take to come back. */
const regainMs = 60_000;

/**
 * Takes the lock; rejects with `failed_precondition` when another server keeps it. When the connection that holds it
 * dies, it is taken anew: in between the journal's own fence keeps a superseded server from writing. `stillWriter` tells
 * whether another server was quicker.
 */
export async function takeWriterLock(
  options: WriterLockOptions,
  stillWriter: () => Promise<boolean>,
): Promise<WriterLock> {
  let held = await tryFor(options, options.waitMs, new AbortController().signal);
  if (held === undefined) {
    throw new DataPlaneError(
      "failed_precondition",
      "open local cluster: another server already runs on this database; stop it or use another data directory",
    );
  }
  const lost = new AbortController();
  const releasing = new AbortController();
  const regain = async (): Promise<void> => {
    try {
      const again = await tryFor(options, regainMs, releasing.signal, stillWriter);
      if (again !== undefined && (await stillWriter())) {
        held = again;
        watch(again);
        return;
      }
      await again?.release();
      if (!releasing.signal.aborted) lost.abort(takenOver());
    } catch (error) {
      if (!releasing.signal.aborted) lost.abort(takenOver(error));
    }
  };
  let regaining = Promise.resolve();
  const watch = (lock: HeldLock): void => {
    const gone = (): void => void (regaining = regain());
    if (lock.lost.aborted) gone();
    else lock.lost.addEventListener("abort", gone, { once: true });
  };
  watch(held);
  return {
    lost: lost.signal,
    release: async () => {
      releasing.abort();
      await regaining;
      await held?.release();
    },
  };
}

/** The lock, or undefined when another held it to the end. A database that cannot be reached is waited for as well. */
async function tryFor(
  { database, clock }: WriterLockOptions,
  ms: number,
  signal: AbortSignal,
  isWorthWaiting: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<HeldLock | undefined> {
  const giveUpAt = clock.now() + ms;
  for (;;) {
    try {
      const lock = await database.tryLock(localClusterLock);
      if (lock !== undefined || !(await isWorthWaiting())) return lock;
    } catch (error) {
      if (clock.now() >= giveUpAt) throw error;
    }
    if (signal.aborted) throw abortError(signal);
    if (clock.now() >= giveUpAt) return undefined;
    await clock.sleep(100, { signal });
  }
}

function takenOver(cause?: unknown): DataPlaneError {
  return new DataPlaneError(
    "unavailable",
    "local cluster: the lock on its database is lost; another server may hold it",
    {
      cause,
    },
  );
}
