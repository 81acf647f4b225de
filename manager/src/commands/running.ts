import { type LockRecord, readLock } from "../embedded/lock-file.ts";
import { isAlive } from "../embedded/process-identity.ts";

/** The live server of a data directory, as its lock names it. */
export async function findServer(directory: string): Promise<LockRecord | undefined> {
  const lock = await readLock(directory);
  return lock !== undefined && (await isAlive(lock)) ? lock : undefined;
}
