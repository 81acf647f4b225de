import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { systemCode } from "../drivers/file/errors.ts";
import type { Disk } from "./disk.ts";
import { localError } from "./local-error.ts";

/** Makes each folder once, its parents before it. */
export class Folders {
  readonly #disk: Disk;
  readonly #root: string | undefined;
  readonly #made = new Map<string, Promise<void>>();
  readonly #ready = new Set<string>();
  #latest: string | undefined;

  /** Below `root`, where given, a link in a folder's place is refused: it may lead anywhere. */
  constructor(disk: Disk, root?: string) {
    this.#disk = disk;
    this.#root = root;
  }

  /** Undefined where the folder is known to be there: most objects of a tree have a sibling. */
  make(folder: string): Promise<void> | undefined {
    if (this.#ready.has(folder)) return undefined;
    const known = this.#made.get(folder);
    if (known !== undefined) return known;
    const making = this.#make(folder).then(() => {
      this.#ready.add(folder);
      this.#made.delete(folder);
    });
    this.#made.set(folder, making);
    return making;
  }

  /** As `make`, of the folder that holds `file`. Siblings come in a row, and looking a folder up is dearer than comparing. */
  makeFor(file: string): Promise<void> | undefined {
    const latest = this.#latest;
    const end = file.lastIndexOf("/");
    if (end === latest?.length && file.startsWith(latest)) return undefined;
    const folder = file.slice(0, end);
    const missing = this.make(folder);
    if (missing === undefined) this.#latest = folder;
    return missing;
  }

  async #make(folder: string): Promise<void> {
    try {
      await this.#disk.makeFolder(folder);
    } catch (error) {
      const code = systemCode(error);
      if (code === "EEXIST" || code === "EISDIR") return await this.#checkFolder(folder);
      const parent = path.dirname(folder);
      if (code !== "ENOENT" || parent === folder) throw localError("make folder", folder, error);
      await this.make(parent);
      // Once more and no further: below /proc making a folder is ENOENT for ever.
      await this.#makeBelow(folder);
    }
  }

  async #makeBelow(folder: string): Promise<void> {
    try {
      await this.#disk.makeFolder(folder);
    } catch (error) {
      if (systemCode(error) === "EEXIST") return await this.#checkFolder(folder);
      throw localError("make folder", folder, error);
    }
  }

  async #checkFolder(folder: string): Promise<void> {
    const isInside = this.#root !== undefined && folder.startsWith(`${this.#root}/`);
    // Above the root a link is the machine's own affair; what is no folder shows when something is put into it.
    if (!isInside || (await this.#disk.isFolder(folder))) return;
    throw new DataPlaneError(
      "failed_precondition",
      `make folder ${folder}: a file or a link stands in its place: one name cannot be a file and a folder`,
      { origin: "user", ref: folder },
    );
  }
}
