import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { isAbsent, readFault } from "../local/disk-fault.ts";

/** A file or folder that the task left. */
export interface FoundOutput {
  /** Resolved: no part of it is a link. */
  readonly path: string;
  readonly isFolder: boolean;
}

/** One folder that the task wrote, read once. No link in it makes a file of another container an output. */
export class OutputFolder {
  readonly #path: string;
  /** Resolved path of the output directory, which everything has to lie in. */
  readonly #root: string;
  readonly #entries: ReadonlyMap<string, Dirent>;
  /** By all of a name before one of its dots. */
  readonly #extended = new Map<string, string[]>();

  private constructor(folder: string, root: string, entries: readonly Dirent[]) {
    this.#path = folder;
    this.#root = root;
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
    for (const name of this.#entries.keys()) {
      for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
        const stem = name.slice(0, dot);
        const names = this.#extended.get(stem);
        if (names === undefined) this.#extended.set(stem, [name]);
        else names.push(name);
      }
    }
  }

  /** The directory itself; one that is not there is empty. Rejects for one that is there and cannot be read. */
  static async open(directory: string): Promise<OutputFolder> {
    try {
      const root = await realpath(directory);
      return new OutputFolder(root, root, await readdir(root, { withFileTypes: true }));
    } catch (cause) {
      if (isAbsent(cause)) return new OutputFolder(directory, directory, []);
      throw readFault(directory, cause);
    }
  }

  /** Names of all entries, in ascending order. */
  get names(): readonly string[] {
    return [...this.#entries.keys()].sort();
  }

  get path(): string {
    return this.#path;
  }

  /** The output directory, which this one is or lies in. */
  get root(): string {
    return this.#root;
  }

  /**
   * The entry of this name, else the single one whose name goes on with a dot; undefined for none. Rejects (origin user)
   * with `not_found` for several, and as `entry` does.
   */
  async find(name: string): Promise<FoundOutput | undefined> {
    if (this.#entries.has(name)) return await this.entry(name);
    const candidates = this.#extended.get(name) ?? [];
    const [only] = candidates;
    if (only === undefined) return undefined;
    if (candidates.length === 1) return await this.entry(only);
    const what = `several files match: ${[...candidates].sort().slice(0, 5).join(", ")}`;
    throw new DataPlaneError("not_found", `find output "${name}" in ${this.#path}: ${what}`, { origin: "user" });
  }

  /**
   * The entry of just this name. Rejects (origin user) with `not_found` for a link that leads nowhere, `permission_denied`
   * for one that leads out of the directory, `failed_precondition` for what is neither file nor folder.
   */
  async entry(name: string): Promise<FoundOutput> {
    const entry = this.#entries.get(name);
    const file = path.join(this.#path, name);
    // By far the most; nothing has to be asked about them.
    if (entry?.isFile() === true) return { path: file, isFolder: false };
    if (entry?.isDirectory() === true) return { path: file, isFolder: true };
    const resolved = await realpath(file).catch((cause: unknown) => {
      if (!isAbsent(cause)) throw readFault(file, cause);
      throw refuse("not_found", file, "the link leads nowhere", cause);
    });
    if (!resolved.startsWith(`${this.#root}/`)) {
      throw refuse("permission_denied", file, "the link leads out of the output directory");
    }
    const stats = await stat(resolved);
    if (!stats.isFile() && !stats.isDirectory()) {
      throw refuse("failed_precondition", file, "it is a pipe, socket or device, not a file");
    }
    return { path: resolved, isFolder: stats.isDirectory() };
  }

  /** A folder in this one. */
  async inner({ path: folder }: FoundOutput): Promise<OutputFolder> {
    try {
      return new OutputFolder(folder, this.#root, await readdir(folder, { withFileTypes: true }));
    } catch (cause) {
      throw new DataPlaneError("internal", `read folder ${folder}: it cannot be listed`, { ref: folder, cause });
    }
  }
}

function refuse(
  code: "not_found" | "permission_denied" | "failed_precondition",
  file: string,
  what: string,
  cause?: unknown,
): DataPlaneError {
  return new DataPlaneError(code, `read ${file}: ${what}`, { origin: "user", ref: file, cause });
}
