/** PostgreSQL's own note about its running server, `postmaster.pid`. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { commandLine, identify, type ProcessIdentity } from "./process-identity.ts";

export interface Postmaster {
  readonly process: ProcessIdentity;
  readonly socketDirectory: string;
  /** It accepts connections. */
  readonly ready: boolean;
}

/**
 * The live server of the cluster in `directory`, if there is one. A process that merely got the pid of a dead server is
 * told by its command line, which would name the directory.
 */
export async function findPostmaster(directory: string): Promise<Postmaster | undefined> {
  const lines = await readLines(directory);
  const pid = Number(lines?.[0]);
  if (lines === undefined || !Number.isInteger(pid) || pid <= 1) return undefined;
  const process = await identify(pid);
  if (process === undefined || !`${await commandLine(pid)} `.includes(`-D ${directory} `)) return undefined;
  return { process, socketDirectory: lines[4] ?? "", ready: lines[7]?.trim() === "ready" };
}

/**
 * Makes the note of a server known to be dead harmless: PostgreSQL takes any process that now has the pid, even one
 * that nobody reaped, for its server. Naming us, the parent of the server to come, lets it see that the note is stale
 * and still check that no old process uses the shared memory; removing the file would take that check away.
 */
export async function disarmStaleFile(directory: string): Promise<void> {
  const lines = await readLines(directory);
  if (lines !== undefined)
    await writeFile(join(directory, "postmaster.pid"), [String(process.pid), ...lines.slice(1)].join("\n"));
}

async function readLines(directory: string): Promise<readonly string[] | undefined> {
  return readFile(join(directory, "postmaster.pid"), "utf8").then(
    (text) => text.split("\n"),
    () => undefined,
  );
}
