/** `<data>/lock`: the one server that uses a data directory, and how to reach it. */
import { createHash, randomUUID } from "node:crypto";
import { link, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";

/** What a lock says beside who holds it. */
interface LockDetails {
  /** Where the server answers, once it listens. */
  readonly url?: string;
  /** Where it answers programs of this machine, in the clear. */
  readonly localUrl?: string;
  /** The socket directory of the embedded PostgreSQL, where it could not stand in the data directory. */
  readonly socketDirectory?: string;
}

export interface LockRecord extends ProcessIdentity, LockDetails {}

export interface Lock {
  /** What a server that ended without removing its lock had left in it. */
  readonly left: LockDetails;
  /** Adds to what the lock says. */
  describe(details: LockDetails): Promise<void>;
  /** Removes the lock; safe to call twice. */
  release(): Promise<void>;
}

/**
 * Takes the lock of `directory` for this process; the lock of a process that no longer lives is replaced. Rejects with
 * `failed_precondition` when a live one holds it.
 */
export async function takeLock(directory: string): Promise<Lock> {
  const path = join(directory, "lock");
  const self = await identify(process.pid);
  if (self === undefined)
    throw new DataPlaneError("internal", `lock ${path}: this process cannot tell when it started`);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    if (await createWhole(path, self)) return held(path, self, {});
    const text = await readText(path);
    if (text === undefined) continue;
    const holder = parse(text);
    if (holder !== undefined && (await isAlive(holder))) throw inUse(directory, holder.pid);
    if (await replaceStale(directory, text, self)) return held(path, self, detailsOf(holder));
  }
  throw new DataPlaneError(
    "aborted",
    `data directory ${directory}: other servers keep starting on it; choose another with --data-dir`,
  );
}

/** The lock as it stands, whether or not its holder lives; undefined when there is none (or an unreadable one). */
export async function readLock(directory: string): Promise<LockRecord | undefined> {
  return parse((await readText(join(directory, "lock"))) ?? "");
}

/** A hard link fails when the name is taken and shows the whole file at once: nobody reads half a lock. */
async function createWhole(path: string, record: LockRecord): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(record), { mode: 0o600, flag: "wx" });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Replaces a lock that was found stale as `text`; false when somebody else was faster. Who may do so is settled by a
 * claim, a file named after what it replaces, that only one process can create; the claim of a process that died over
 * it is replaced in the same way. Without claims two late-comers could remove each other's fresh locks.
 */
async function replaceStale(directory: string, text: string, self: ProcessIdentity): Promise<boolean> {
  const path = join(directory, "lock");
  let claim = `${path}.over-${digest(text)}`;
  while (!(await createWhole(claim, self))) {
    const claimed = await readText(claim);
    const other = parse(claimed ?? "");
    if (claimed === undefined || other === undefined) return false;
    if (await isAlive(other)) throw inUse(directory, other.pid);
    claim = `${path}.over-${digest(claimed)}`;
  }
  // The claims on this lock may have been settled, and removed, before ours was made: then the lock has changed.
  if ((await readText(path)) !== text) {
    await rm(claim, { force: true });
    return false;
  }
  await replaceWhole(path, self);
  const settled = (await readdir(directory)).filter((name) => name.startsWith("lock.over-"));
  await Promise.all(settled.map((name) => rm(join(directory, name), { force: true })));
  return true;
}

async function replaceWhole(path: string, record: LockRecord): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(record), { mode: 0o600, flag: "wx" });
  await rename(draft, path);
}

function inUse(directory: string, pid: number): DataPlaneError {
  return new DataPlaneError(
    "failed_precondition",
    `data directory ${directory}: process ${pid} is using it; stop that server first, or choose another with --data-dir`,
    { origin: "user", ref: directory },
  );
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: unknown) => {
    // Where the directory is a file, no server uses it either.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw error;
  });
}

function held(path: string, self: ProcessIdentity, left: LockDetails): Lock {
  let record: LockRecord = self;
  let released: Promise<void> | undefined;
  return {
    left,
    describe: async (details) => {
      record = { ...record, ...details };
      await replaceWhole(path, record);
    },
    release: () => (released ??= rm(path, { force: true })),
  };
}

function parse(text: string): LockRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { pid, started, url, localUrl, socketDirectory } = value as Readonly<Record<string, unknown>>;
    if (typeof pid !== "number" || typeof started !== "string") return undefined;
    return {
      pid,
      started,
      ...(typeof url === "string" ? { url } : {}),
      ...(typeof localUrl === "string" ? { localUrl } : {}),
      ...(typeof socketDirectory === "string" ? { socketDirectory } : {}),
    };
  } catch {
    return undefined;
  }
}

function detailsOf(record: LockRecord | undefined): LockDetails {
  return record?.socketDirectory === undefined ? {} : { socketDirectory: record.socketDirectory };
}
