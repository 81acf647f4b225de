/** The private directory of the server's socket. */
import { mkdir, mkdtemp, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Lock } from "./lock-file.ts";

/** The kernel takes 107 bytes for a socket's path, macOS 103; PostgreSQL adds a suffix for its own lock beside it. */
const longestSocketPath = 100;
const socketName = ".s.PGSQL.5432";
const temporaryPrefix = "flyte-dataplane-";

/**
 * For a cluster without a live server: `<data>/socket`, emptied, or, where that is too long for a socket, a temporary
 * one that the lock names until it is removed.
 */
export async function makeSocketDirectory(data: string, temporary: string, lock: Lock): Promise<string> {
  const own = join(data, "socket");
  if (Buffer.byteLength(join(own, socketName)) <= longestSocketPath) {
    // What a killed server left there names a pid that may be another's by now, and would keep the next from starting.
    await removeSocketDirectory(own);
    await mkdir(own, { recursive: true, mode: 0o700 });
    return own;
  }
  const made = await mkdtemp(join(temporary, temporaryPrefix));
  await lock.describe({ socketDirectory: made });
  return made;
}

/** Removes the server's two files and then the directory, unless it holds anything else: a damaged lock may name any. */
export async function removeSocketDirectory(directory: string): Promise<void> {
  await clearSocketDirectory(directory);
  await rmdir(directory).catch(() => undefined);
}

/** Removes what a server that is gone left there; the directory stays ours, so that nobody else can make one of its name. */
export async function clearSocketDirectory(directory: string): Promise<void> {
  for (const name of [socketName, `${socketName}.lock`])
    await rm(join(directory, name), { force: true }).catch(() => undefined);
}
