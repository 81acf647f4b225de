import { type Clock, DataPlaneError } from "@flyte-dataplane/core";
import type { Database, HeldLock } from "@flyte-dataplane/runtime/database";

/** Taken by whoever writes the local objects of a database; the number is only ours ("flyteloc" in ASCII). */
const lockKey = 0x666c7974656c6f63n;

/**
 * Takes the right to write. A server that was killed may hold it for a moment more, so this tries for `waitMs`.
 * Rejects with `failed_precondition` when another server keeps it.
 */
export async function takeWriterLock(database: Database, clock: Clock, waitMs: number): Promise<HeldLock> {
  const giveUpAt = clock.now() + waitMs;
  for (;;) {
    const lock = await database.tryLock(lockKey);
    if (lock !== undefined) return lock;
    if (clock.now() >= giveUpAt) break;
    await clock.sleep(100);
  }
  throw new DataPlaneError(
    "failed_precondition",
    "open local cluster: another server already runs on this database; stop it or use another data directory",
  );
}
