/** What a download that was killed left half-written, in a folder that the next one fills again. */
import type { Dirent } from "node:fs";
import { opendir, stat, unlink } from "node:fs/promises";
import path from "node:path";

/** As this program and its transfers name a file that is not whole yet. */
const partialName = /^\.partial-[0-9a-f]{16}$/;

/**
 * Removes what lies half-written in `folder` itself, and anywhere below those of its folders that are in `folders`: the
 * task would take it for an input. What changed since `since` (milliseconds since the epoch) belongs to somebody who
 * lives, and other folders to somebody else. What cannot be removed stays: it is no reason to stage nothing.
 */
export async function removeLeftovers(folder: string, folders: readonly string[], since: number): Promise<void> {
  const inner: string[] = [];
  for await (const entry of entriesOf(folder)) {
    if (entry.isDirectory()) inner.push(path.join(folder, entry.name));
    else await removeLeftover(folder, entry, since);
  }
  // A folder that nobody filled before has none, and nothing else is looked at.
  if (inner.length === 0) return;
  const own = new Set(folders);
  for (const each of inner) if (own.has(each)) await removeBelow(each, since);
}

async function removeBelow(folder: string, since: number): Promise<void> {
  for await (const entry of entriesOf(folder)) {
    if (entry.isDirectory()) await removeBelow(path.join(folder, entry.name), since);
    else await removeLeftover(folder, entry, since);
  }
}

async function removeLeftover(folder: string, entry: Dirent, since: number): Promise<void> {
  if (!entry.isFile() || !partialName.test(entry.name)) return;
  const file = path.join(folder, entry.name);
  try {
    if ((await stat(file)).mtimeMs < since) await unlink(file);
  } catch {
    // Gone already, or another user's.
  }
}

/** One by one: there may be a hundred thousand. */
async function* entriesOf(folder: string): AsyncGenerator<Dirent, void, undefined> {
  const entries = await opendir(folder).catch(() => undefined);
  if (entries !== undefined) yield* entries;
}
