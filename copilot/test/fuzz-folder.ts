/** A folder for fuzz cases, in memory where there is such a disk, and what may not change around it. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** What no case may read or write. */
export const secret = "the secret of another container";

export class FuzzFolder {
  readonly #root: string;
  /** The one folder that a case may fill; empty or absent as a case begins. */
  readonly target: string;
  /** A named pipe that links can be made to: a process for each would take longer than its case. */
  readonly pipe: string;
  /** What stands around the target, each with the marks that it had when it was made. */
  readonly #around: readonly { readonly at: string; readonly marks: string }[];

  constructor() {
    this.#root = mkdtempSync(path.join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "flyte-copilot-fuzz-"));
    const pod = path.join(this.#root, "pod");
    this.target = path.join(pod, "target");
    mkdirSync(this.target, { recursive: true });
    const files = [path.join(this.#root, "secret"), path.join(pod, "secret")];
    for (const file of files) writeFileSync(file, secret);
    this.pipe = path.join(this.#root, "pipe");
    execFileSync("mkfifo", [this.pipe]);
    // Long ago: whatever is written from now on shows, however coarse the file system's clock is.
    for (const at of [...files, pod, this.#root]) utimesSync(at, 0, 0);
    this.#around = [...files, pod, this.#root].map((at) => ({ at, marks: marksOf(at) }));
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  has(name: string): boolean {
    return existsSync(path.join(this.target, name));
  }

  read(name: string): Uint8Array {
    return readFileSync(path.join(this.target, name));
  }

  /** The target itself stays: made anew each time, it would change the folder that it lies in. */
  clear(): void {
    for (const name of readdirSync(this.target)) {
      rmSync(path.join(this.target, name), { recursive: true, force: true });
    }
  }

  /** Throws if anything around the target is not as it was, or something in it is half-written. */
  check(): void {
    for (const { at, marks } of this.#around) {
      if (marksOf(at) !== marks) throw new Error(`written outside: ${at}`);
    }
    if (!statSync(this.target).isDirectory()) throw new Error("the target was replaced");
    if (holdsPartialFile(this.target)) throw new Error("a file stays half-written");
  }
}

/** Step by step: Node 24 follows links where it is asked for all of a folder at once, round and round. */
function holdsPartialFile(folder: string): boolean {
  return readdirSync(folder, { withFileTypes: true }).some(
    (entry) =>
      entry.name.startsWith(".partial-") || (entry.isDirectory() && holdsPartialFile(path.join(folder, entry.name))),
  );
}

/** Changes with an entry's content, and with the entries of a folder. */
function marksOf(at: string): string {
  const { ino, size, mtimeMs, ctimeMs, mode } = lstatSync(at);
  // A folder's inode changes with its times only; the ctime of setting them is ours.
  return [ino, size, mtimeMs, ctimeMs, mode].join();
}
