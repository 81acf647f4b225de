/**
 * The share of the disk that a log may have. A container writes its log by itself, on a file that stays the same: so
 * the oldest part is not moved away but given back to the file system where it stands, by a hole at the beginning, and
 * nothing that was written later moves. `log-start` tells readers where the log begins now; it is written before the
 * hole, so that nobody takes a hole for text.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Logger } from "@flyte-dataplane/core";
import type { RunDirectory } from "../kubelet/pod-directory.ts";
import { writeWhole } from "../kubelet/small-file.ts";

/** What file systems give back at a time. */
const blockBytes = 4096;

export class LogShare {
  readonly #maxBytes: number;
  readonly #logger: Logger;
  /** By path of the log. */
  readonly #starts = new Map<string, number>();
  #works = true;

  /** `maxBytes` 0: as much as there is. */
  constructor(maxBytes: number, logger: Logger) {
    this.#maxBytes = maxBytes;
    this.#logger = logger;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** The offset of the first byte that is left of a log; to be asked once before `startNow`. */
  async load(run: RunDirectory): Promise<number> {
    const known = this.#starts.get(run.log);
    if (known !== undefined) return known;
    const text = await readFile(run.logStart, "utf8").catch(() => "");
    const start = text.endsWith("\n") ? Number.parseInt(text, 10) : 0;
    if (start > 0) this.#starts.set(run.log, Math.max(start, this.#starts.get(run.log) ?? 0));
    return start;
  }

  /** The same as far as this process knows, at once. */
  startNow(run: RunDirectory): number {
    return this.#starts.get(run.log) ?? 0;
  }

  /** Gives back what a log of `sizeBytes` has too much, and a quarter of its share more, so that it is not asked all the time. */
  async trim(run: RunDirectory, sizeBytes: number): Promise<void> {
    const start = this.startNow(run);
    if (!this.#works || this.#maxBytes === 0 || sizeBytes - start <= this.#maxBytes) return;
    const wanted = sizeBytes - Math.floor(this.#maxBytes * 0.75);
    const next = wanted - (wanted % blockBytes);
    if (next <= start) return;
    await writeWhole(run.logStart, `${next}\n`);
    this.#starts.set(run.log, next);
    try {
      // Node has no call for it.
      await promisify(execFile)("fallocate", ["--punch-hole", "--offset", "0", "--length", String(next), run.log]);
    } catch (error) {
      this.#works = false;
      this.#logger.warn({ log: run.log, error }, "the disk of old log lines cannot be given back here: logs grow");
    }
  }
}
