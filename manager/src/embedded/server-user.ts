/** PostgreSQL refuses to run as root, and as a user that has no name: who it runs as then. */
import { execFile } from "node:child_process";
import { chmod, lstat } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { DataPlaneError } from "@flyte-dataplane/core";

export interface ServerUser {
  readonly kind: "self" | "namespace" | "nobody";
  /** How `program` is run as this user. */
  command(program: string, args: readonly string[]): Invocation;
  /** Gives a tree to this user if it belongs to another. */
  own(path: string): Promise<void>;
}

interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: { readonly uid?: number; readonly gid?: number };
}

const run = promisify(execFile);
const nobody = 65534;
const mapping = ["--user", `--map-user=${nobody}`, `--map-group=${nobody}`];

export interface ServerUserOptions {
  readonly uid: number;
  /** Whether the user has a name, which in containers need not be; asked of the system when absent. */
  readonly named?: boolean;
  /** Whether user namespaces may be made; asked of the system when absent. */
  readonly namespaces?: boolean;
  /** The data directory. */
  readonly directory: string;
  /** Other paths that the server must be able to enter. */
  readonly paths: readonly string[];
}

/**
 * The user itself; for root and users without a name a user namespace in which it is nobody (nothing changes hands);
 * for root else the real user nobody, provided that it can enter `directory` and `paths`. Rejects with
 * `failed_precondition` where none of them works.
 */
export async function chooseServerUser(options: ServerUserOptions): Promise<ServerUser> {
  const root = options.uid === 0;
  if (!root && (options.named ?? hasName())) {
    return { kind: "self", command: (command, args) => ({ command, args, options: {} }), own: async () => undefined };
  }
  if (options.namespaces ?? (await namespacesWork())) {
    return {
      kind: "namespace",
      command: (program, args) => ({ command: "unshare", args: [...mapping, "--", program, ...args], options: {} }),
      own: async (path) => (root ? give(path, 0) : undefined),
    };
  }
  if (!root) {
    throw new DataPlaneError(
      "failed_precondition",
      `embedded postgres: it does not run as user ${options.uid}, which has no name on this system; ` +
        "give it one in /etc/passwd, start as another user, or set DATABASE_URL",
      { origin: "user" },
    );
  }
  for (const path of [dirname(options.directory), ...options.paths]) {
    const closed = await closedTo(path);
    if (closed !== undefined) {
      throw new DataPlaneError(
        "failed_precondition",
        `embedded postgres: it does not run as root, and user ${nobody} may not enter ${closed}; ` +
          "start as another user, choose a directory that everyone may enter with --data-dir, or set DATABASE_URL",
        { origin: "user", ref: closed },
      );
    }
  }
  // Entered, not listed: what stands in it keeps its own permissions.
  await chmod(options.directory, 0o711);
  return {
    kind: "nobody",
    command: (command, args) => ({ command, args, options: { uid: nobody, gid: nobody } }),
    own: (path) => give(path, nobody),
  };
}

function hasName(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

async function namespacesWork(): Promise<boolean> {
  return run("unshare", [...mapping, "--", "true"]).then(
    () => true,
    () => false,
  );
}

/** The first directory on the way to `path` that others may not enter. */
async function closedTo(path: string): Promise<string | undefined> {
  for (let at = path; ; at = dirname(at)) {
    const found = await lstat(at);
    if (found.isDirectory() && (found.mode & 0o001) === 0 && found.uid !== nobody) return at;
    if (at === dirname(at)) return undefined;
  }
}

async function give(path: string, uid: number): Promise<void> {
  if ((await lstat(path)).uid !== uid) await run("chown", ["-R", `${uid}:${uid}`, path]);
}
