/** What lies in a data directory, for the commands that count or remove it. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Whether a server has kept anything there yet. */
export async function holdsData(directory: string): Promise<boolean> {
  return await stat(join(directory, "FORMAT")).then(
    () => true,
    () => false,
  );
}

/** Pods that ran on this directory and were not collected since. */
export async function countPods(directory: string): Promise<number> {
  return (await readdir(join(directory, "pods"))).length;
}

/** Removes everything but the lock, which goes last, so that no server starts on half a directory. */
export async function removeContents(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name !== "lock") await rm(join(directory, name), { recursive: true, force: true, maxRetries: 5 });
  }
}
