import { readdir, readlink } from "node:fs/promises";

/** Processes whose working directory is `directory`; none where the system has no /proc. */
export async function processesIn(directory: string): Promise<readonly number[]> {
  const numbers = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const at = await Promise.all(numbers.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
  return numbers.filter((_, index) => at[index] === directory);
}
