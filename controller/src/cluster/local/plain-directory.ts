/**
 * Mount paths in commands that users wrote become paths below the cluster's directory, mostly in the middle of a line
 * of shell and unquoted. A directory that no shell takes for one plain word, "Application Support" for instance, is
 * reached through a link that it does.
 */
import { createHash } from "node:crypto";
import { lstat, lutimes, mkdir, readlink, rm, symlink, utimes } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { type Clock, DataPlaneError } from "@flyte-dataplane/core";

export interface PlainDirectory {
  /** Leads to the directory and holds no character that means anything to a shell. */
  readonly path: string;
  /**
   * Makes sure that `path` leads there, and looks used: temporary places are swept of what is old. To be called at
   * least once before `path` is used, and every now and then.
   */
  keep(): Promise<void>;
}

export interface PlainDirectoryOptions {
  /** Absolute. */
  readonly directory: string;
  /** Absolute; links are made below it. */
  readonly temporary: string;
  readonly clock: Clock;
}

/** Throws `invalid_argument` when neither the directory nor the temporary one can stand in a shell command. */
export function requirePlainDirectory({ directory, temporary }: Omit<PlainDirectoryOptions, "clock">): void {
  if (isPlain(directory) || (isAbsolute(directory) && isPlain(temporary))) return;
  throw new DataPlaneError(
    "invalid_argument",
    `open local cluster in "${directory}": the path must be absolute, and it or that of the directory for temporary files, "${temporary}", free of spaces and shell characters; choose another of the two`,
    { origin: "user", ref: directory },
  );
}

/** The directory itself where that will do. */
export function plainDirectory(options: PlainDirectoryOptions): PlainDirectory {
  requirePlainDirectory(options);
  const { directory, temporary, clock } = options;
  if (isPlain(directory)) return { path: directory, keep: () => Promise.resolve() };
  const folder = join(temporary, `flyte-dataplane-${process.getuid?.() ?? "user"}`);
  const path = join(folder, createHash("sha256").update(directory).digest("hex").slice(0, 16));
  return {
    path,
    keep: async () => {
      await requireOwnFolder(folder);
      if ((await readlink(path).catch(() => undefined)) !== directory) {
        await rm(path, { force: true });
        await symlink(directory, path);
      }
      const seconds = clock.now() / 1_000;
      await utimes(folder, seconds, seconds);
      await lutimes(path, seconds, seconds);
    },
  };
}

function isPlain(path: string): boolean {
  return isAbsolute(path) && /^[\w./@%+=:,-]+$/.test(path);
}

/** Anybody may write beside it, and whoever made it could turn the links elsewhere. */
async function requireOwnFolder(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  });
  const stats = await lstat(folder);
  const isOurs = stats.isDirectory() && stats.uid === (process.getuid?.() ?? stats.uid) && (stats.mode & 0o022) === 0;
  if (isOurs) return;
  throw new DataPlaneError(
    "failed_precondition",
    `open local cluster: "${folder}" is not a directory that only this user writes to; remove it, or choose a data directory without spaces`,
    { origin: "user", ref: folder },
  );
}
