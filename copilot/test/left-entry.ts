/** One thing that a task may leave, and how it comes to lie there. */
import { linkSync, lstatSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface LeftEntry {
  readonly at: string;
  /** `large`: a file of more bytes than an error file may have. */
  readonly kind: "file" | "folder" | "link" | "pipe" | "large";
  /** Content of a file, target of a link. */
  readonly text: string;
}

/** One more than an error file may have; no byte of them takes room. */
const largeBytes = 1024 * 1024 + 1;

/** Makes what can be made: of two entries that cannot both be, the first. `pipe` is one to make more of, by links. */
export function leave(folder: string, entries: readonly LeftEntry[], pipe: string): void {
  mkdirSync(folder, { recursive: true });
  for (const { at, kind, text } of entries) {
    const file = path.join(folder, at);
    // A variable of such a name is refused, and no task leaves a file outside its folder.
    if (!file.startsWith(`${folder}/`)) continue;
    try {
      // Nothing of ours is made through a link.
      const above = at.split("/").slice(0, -1);
      if (above.some((_, index) => isLink(path.join(folder, ...above.slice(0, index + 1))))) continue;
      mkdirSync(path.dirname(file), { recursive: true });
      if (kind === "folder") mkdirSync(file);
      else if (kind === "link") symlinkSync(text, file);
      else if (kind === "pipe") linkSync(pipe, file);
      else {
        writeFileSync(file, text, { flag: "wx" });
        if (kind === "large") truncateSync(file, largeBytes);
      }
    } catch {
      // It is there already, or a file stands where its folder would be.
    }
  }
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
