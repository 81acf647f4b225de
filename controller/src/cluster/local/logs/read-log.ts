/** Reads a run's log as lines with times, to its end or while it grows. */
import { type FileHandle, open } from "node:fs/promises";
import { abortError, type Clock } from "@flyte-dataplane/core";
import type { RunDirectory } from "../kubelet/pod-directory.ts";
import type { LogShare } from "./log-share.ts";
import { type LogStamp, type LogStamps, parseStamps } from "./log-stamps.ts";
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
  readonly share: LogShare;
  readonly clock: Clock;
  /** True once nothing more will be written. */
  readonly hasEnded: () => Promise<boolean>;
}

/** A change that nobody announced is found after this long. */
const longestWaitMs = 1_000;
const chunkBytes = 65_536;

/** Batches of lines in order, none empty. With `follow` it goes on until the run has ended; rejects with `canceled`. */
export async function* readLog(run: RunDirectory, options: ReadLogOptions): AsyncGenerator<readonly LogLine[], void> {
  const { follow, signal, stamps, share, clock, hasEnded } = options;
  const growth = new Growth(stamps, run, clock);
  let file: FileHandle | undefined;
  try {
    let splitter = new LineSplitter(0);
    const times = new LineTimes(run, stamps, clock);
    // One for all reads: lines are copied out of it, and what is outside of the heap is collected late.
    const buffer = Buffer.allocUnsafe(chunkBytes);
    let position = 0;
    await share.load(run);
    for (;;) {
      checkNotAborted(signal);
      // Asked before reading: what an ended run wrote is all there by then.
      const isLast = !follow || (await hasEnded());
      file ??= await open(run.log).catch(() => undefined);
      for (;;) {
        const bytesRead = file === undefined ? 0 : (await file.read(buffer, 0, chunkBytes, position)).bytesRead;
        const start = share.startNow(run);
        if (start > position) {
          // Given back before or while it was read: what was read may be a hole. The line that is cut goes with it.
          const gone = start - position;
          position = file === undefined ? start : await nextLine(file, start, buffer);
          splitter = new LineSplitter(position);
          yield [{ time: clock.now(), line: notice(gone, share.maxBytes) }];
          checkNotAborted(signal);
          continue;
        }
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

function notice(goneBytes: number, maxBytes: number): string {
  return (
    `flyte-dataplane: ${goneBytes} bytes of this log are gone: a container's log may take ${maxBytes} bytes of disk, ` +
    "which the setting local.logBytes can change"
  );
}

/** Where the first line begins that begins at `start` or after it; `start` itself where no line ends soon. */
async function nextLine(file: FileHandle, start: number, buffer: Buffer): Promise<number> {
  const { bytesRead } = await file.read(buffer, 0, chunkBytes, start);
  return start + buffer.subarray(0, bytesRead).indexOf(0x0a) + 1;
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
  readonly #keeper: LogStamps;
  readonly #clock: Clock;
  /** Stamps from the one that the next line falls under. */
  #stamps: readonly LogStamp[] = [];
  /** Bytes of `log-times` that were read. */
  #position = 0;

  constructor(run: RunDirectory, keeper: LogStamps, clock: Clock) {
    this.#run = run;
    this.#keeper = keeper;
    this.#clock = clock;
  }

  async stamp(lines: readonly RawLine[]): Promise<readonly LogLine[]> {
    if ((this.#stamps.at(-1)?.offset ?? 0) < (lines.at(-1)?.endOffset ?? 0)) {
      await this.#keeper.catchUp(this.#run);
      await this.#readMore();
    }
    let next = 0;
    const stamped = lines.map(({ text, endOffset }) => {
      while ((this.#stamps[next]?.offset ?? endOffset) < endOffset) next += 1;
      return { time: this.#stamps[next]?.timeMs ?? this.#clock.now(), line: text };
    });
    this.#stamps = this.#stamps.slice(next);
    return stamped;
  }

  async #readMore(): Promise<void> {
    const file = await open(this.#run.logTimes).catch(() => undefined);
    if (file === undefined) return;
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.max(0, size - this.#position));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#position);
      const whole = buffer.subarray(0, bytesRead).lastIndexOf("\n") + 1;
      this.#position += whole;
      this.#stamps = [...this.#stamps, ...parseStamps(buffer.toString("utf8", 0, whole))];
    } finally {
      await file.close();
    }
  }
}
