/** A folder for fuzz cases, in memory where there is such a disk, and what may not change around it. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** What no case may read or write. */
export const secret = "the secret of another container";

export class FuzzFolder {
  readonly #root: string;
  /** The one folder that a case may fill. */
  readonly target: string;

  constructor() {
    this.#root = mkdtempSync(path.join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "flyte-copilot-fuzz-"));
    this.target = path.join(this.#root, "pod", "target");
    mkdirSync(path.dirname(this.target));
    writeFileSync(path.join(this.#root, "secret"), secret);
    writeFileSync(path.join(this.#root, "pod", "secret"), secret);
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

  clear(): void {
    rmSync(this.target, { recursive: true, force: true });
  }

  /** Throws if anything around the target is not as it was, or something in it is half-written. */
  check(): void {
    const around = [...readdirSync(this.#root), ...readdirSync(path.dirname(this.target))].filter(
      (name) => name !== "target",
    );
    if (around.toSorted().join() !== "pod,secret,secret") throw new Error(`written outside: ${around.join()}`);
    for (const file of [path.join(this.#root, "secret"), path.join(path.dirname(this.target), "secret")]) {
      if (!lstatSync(file).isFile() || readFileSync(file, "utf8") !== secret) throw new Error(`${file} was changed`);
    }
    if (!existsSync(this.target)) return;
    // By kind, since names alone would be followed through links, round and round.
    const entries = readdirSync(this.target, { recursive: true, withFileTypes: true });
    if (entries.some(({ name }) => name.startsWith(".partial-"))) throw new Error("a file stays half-written");
  }
}
