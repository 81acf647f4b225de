/** What a download that was killed left half-written, in a folder that the next one fills again. */
import { type Dir, type Dirent, opendirSync, statSync, unlinkSync } from "node:fs";
import path from "node:path";

/** As this program and its transfers name a file that is not whole yet. */
const partialName = /^\.partial-[0-9a-f]{16}$/;

/**
 * Removes what lies half-written in `folder` itself, and anywhere below those of its folders that are in `folders`: the
 * task would take it for an input. What changed since `since` (milliseconds since the epoch) belongs to somebody who
 * lives, and other folders to somebody else. What cannot be removed stays: it is no reason to stage nothing.
 * Blocks: nothing else has begun yet, and mostly there is one empty folder to look at.
 */
export function removeLeftovers(folder: string, folders: readonly string[], since: number): void {
  const inner: string[] = [];
  for (const entry of entriesOf(folder)) {
    if (entry.isDirectory()) inner.push(path.join(folder, entry.name));
    else removeLeftover(folder, entry, since);
  }
  // A folder that nobody filled before has none, and nothing else is looked at.
  if (inner.length === 0) return;
  const own = new Set(folders);
  for (const each of inner) if (own.has(each)) removeBelow(each, since);
}

function removeBelow(folder: string, since: number): void {
  for (const entry of entriesOf(folder)) {
    if (entry.isDirectory()) removeBelow(path.join(folder, entry.name), since);
    else removeLeftover(folder, entry, since);
  }
}

function removeLeftover(folder: string, entry: Dirent, since: number): void {
  if (!entry.isFile() || !partialName.test(entry.name)) return;
  const file = path.join(folder, entry.name);
  try {
    if (statSync(file).mtimeMs < since) unlinkSync(file);
  } catch {
    // Gone already, or another user's.
  }
}

/** One by one: there may be a hundred thousand. */
function* entriesOf(folder: string): Generator<Dirent, void, undefined> {
  let entries: Dir;
  try {
    entries = opendirSync(folder);
  } catch {
    return;
  }
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) yield entry;
  } finally {
    entries.closeSync();
  }
}
