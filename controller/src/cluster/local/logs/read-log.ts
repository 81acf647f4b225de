/** Reads a run's log as lines with times, to its end or while it grows. */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { abortError, type Clock } from "@flyte-dataplane/core";
import type { RunDirectory } from "../kubelet/pod-directory.ts";
import { type LogStamps, parseStamps } from "./log-stamps.ts";
import { LineSplitter, type RawLine } from "./split-lines.ts";

export interface LogLine {
  /** When the line was first seen complete, in milliseconds since the epoch. */
  readonly time: number;
  /** Without its line end. */
  readonly line: string;
}

export interface ReadLogOptions {
  readonly follow: boolean;
  readonly signal: AbortSignal | undefined;
  readonly stamps: LogStamps;
  readonly clock: Clock;
  /** True once nothing more will be written. */
  readonly hasEnded: () => Promise<boolean>;
}

/** A change that nobody announced is found after this long. */
const longestWaitMs = 1_000;
const chunkBytes = 65_536;

/** Batches of lines in order, none empty. With `follow` it goes on until the run has ended; rejects with `canceled`. */
export async function* readLog(run: RunDirectory, options: ReadLogOptions): AsyncGenerator<readonly LogLine[], void> {
  const { follow, signal, stamps, clock, hasEnded } = options;
  const growth = new Growth(stamps, run, clock);
  let file: FileHandle | undefined;
  try {
    const splitter = new LineSplitter(0);
    const times = new LineTimes(run, clock);
    let position = 0;
    for (;;) {
      checkNotAborted(signal);
      // Asked before reading: what an ended run wrote is all there by then.
      const isLast = !follow || (await hasEnded());
      file ??= await open(run.log).catch(() => undefined);
      for (;;) {
        const buffer = Buffer.allocUnsafe(chunkBytes);
        const bytesRead = file === undefined ? 0 : (await file.read(buffer, 0, chunkBytes, position)).bytesRead;
        if (bytesRead === 0) break;
        position += bytesRead;
        const lines = splitter.push(buffer.subarray(0, bytesRead));
        if (lines.length > 0) yield await times.stamp(lines);
        checkNotAborted(signal);
      }
      if (isLast) {
        const lines = splitter.end();
        if (lines.length > 0) yield await times.stamp(lines);
        return;
      }
      await growth.wait(signal);
    }
  } finally {
    growth.close();
    await file?.close();
  }
}

function checkNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortError(signal);
}

/** Whether the log grew since the last wait. */
class Growth {
  readonly #clock: Clock;
  readonly #stop: () => void;
  #grown = false;
  #waiting: AbortController | undefined;

  constructor(stamps: LogStamps, run: RunDirectory, clock: Clock) {
    this.#clock = clock;
    this.#stop = stamps.listen(run, () => this.#wake());
  }

  async wait(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#grown) {
      const waiting = new AbortController();
      this.#waiting = waiting;
      const abort = (): void => waiting.abort();
      signal?.addEventListener("abort", abort, { once: true });
      if (signal?.aborted !== true)
        await this.#clock.sleep(longestWaitMs, { signal: waiting.signal }).catch(() => undefined);
      signal?.removeEventListener("abort", abort);
    }
    this.#grown = false;
  }

  close(): void {
    this.#stop();
  }

  #wake(): void {
    this.#grown = true;
    this.#waiting?.abort();
  }
}

/** Looks up the times of lines, which are asked for in order. */
class LineTimes {
  readonly #run: RunDirectory;
  readonly #clock: Clock;
  #stamps: ReturnType<typeof parseStamps> = [];
  #next = 0;

  constructor(run: RunDirectory, clock: Clock) {
    this.#run = run;
    this.#clock = clock;
  }

  async stamp(lines: readonly RawLine[]): Promise<readonly LogLine[]> {
    if ((this.#stamps.at(-1)?.offset ?? 0) < (lines.at(-1)?.endOffset ?? 0)) {
      this.#stamps = parseStamps(await readFile(this.#run.logTimes, "utf8").catch(() => ""));
    }
    return lines.map(({ text, endOffset }) => ({ time: this.#timeOf(endOffset), line: text }));
  }

  #timeOf(endOffset: number): number {
    let stamp = this.#stamps[this.#next];
    while (stamp !== undefined && stamp.offset < endOffset) {
      this.#next += 1;
      stamp = this.#stamps[this.#next];
    }
    return stamp?.timeMs ?? this.#clock.now();
  }
}
