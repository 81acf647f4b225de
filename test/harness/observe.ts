import { Buffer } from "node:buffer";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { contentEntry, errorEntry, literalsEntry, yamlEntry } from "./entry.ts";
import type { Entry, Observation } from "./observation.ts";
import type { Ended } from "./program.ts";
import type { Content } from "./value.ts";

export type Documents = Readonly<Record<string, "literals" | "error">>;

/** Objects of these names are documents, wherever they lie in `out`. */
const usualDocuments: Documents = { "outputs.pb": "literals", "error.pb": "error", "errors.pb": "error" };

/** What is below the folder that a download fills. */
export async function observeLocal(folder: string): Promise<Pick<Observation, "local" | "modes">> {
  const local: Record<string, Entry> = {};
  const modes: Record<string, string> = {};
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, file);
    modes[name] = ((await stat(file)).mode & 0o777).toString(8);
    if (entry.isDirectory()) {
      if ((await readdir(file)).length === 0) local[name] = { is: "folder" };
    } else {
      local[name] = localEntry(name, await readFile(file));
    }
  }
  return { local, modes };
}

function localEntry(name: string, bytes: Buffer): Entry {
  if (name === "inputs.pb") return literalsEntry(bytes);
  if (name !== "inputs.yaml") return contentEntry(bytes);
  try {
    return yamlEntry(bytes);
  } catch (error) {
    return { is: "broken", why: error instanceof Error ? error.message : String(error) };
  }
}

/** Folders of a run that a program may write to, or that the harness writes to meanwhile. */
const open = ["in/", "left/", "store/"];

/** Files below a run's folder that are none of its `before`. */
export async function observeStrays(work: string, before: ReadonlySet<string>): Promise<readonly string[]> {
  const all = await filesBelow(work);
  return [...all].filter((name) => !before.has(name) && !open.some((folder) => name.startsWith(folder))).sort();
}

/** Paths of all that is no folder. */
export async function filesBelow(folder: string): Promise<ReadonlySet<string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return new Set(files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))));
}

/** Objects that are not as they were before. */
export function observeRemote(
  before: ReadonlyMap<string, Content>,
  after: ReadonlyMap<string, Buffer>,
  documents: Documents = {},
): Observation["remote"] {
  const remote: Record<string, Entry | null> = {};
  for (const [key, bytes] of after) {
    const was = before.get(key);
    if (was === undefined || !Buffer.from(was).equals(bytes)) remote[key] = remoteEntry(key, bytes, documents);
  }
  // Markers of folders are folders at the store, not files.
  for (const key of before.keys()) if (!after.has(key) && !key.endsWith("/")) remote[key] = null;
  return remote;
}

function remoteEntry(key: string, bytes: Buffer, documents: Documents): Entry {
  const name = key.startsWith("out/") ? key.slice("out/".length) : "";
  const kind = documents[name] ?? usualDocuments[name];
  if (kind === undefined) return contentEntry(bytes);
  return kind === "error" ? errorEntry(bytes) : literalsEntry(bytes);
}

/** Members of the standard log line. */
export interface LogLine {
  readonly level: string;
  readonly names: readonly string[];
}

/** The parts of a line that are the same in each run, or undefined for one that is no JSON object. */
export function logLine(line: string): LogLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const level = "level" in value && typeof value.level === "string" ? value.level : "none";
  return { level, names: Object.keys(value).sort() };
}

export function observeStreams({ status, stdout, stderr }: Ended): Pick<Observation, "status" | "stdout" | "stderr"> {
  const lines = stderr.split("\n").filter((line) => line !== "");
  const kinds = lines.map((line) => {
    const log = logLine(line);
    return log === undefined ? "text" : `${log.level}: ${log.names.join(",")}`;
  });
  return { status, stdout, stderr: { lastLine: lines.at(-1) ?? "", kinds: [...new Set(kinds)].sort(), text: stderr } };
}
