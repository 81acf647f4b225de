/**
 * Notes when which part of a log was written. A log is a plain file that the container writes by itself, so the times
 * of its lines are told by whoever watches it grow: `log-times` holds one line `<offset> <ms>` per look, saying that
 * everything before that byte was there by then. What is written while no server runs gets the time of the next look.
 * Each look also keeps the log within its share of the disk.
 */
import { type FSWatcher, watch } from "node:fs";
import { appendFile, readFile, stat } from "node:fs/promises";
import type { Clock, Logger } from "@flyte-dataplane/core";
import type { RunDirectory } from "../kubelet/pod-directory.ts";
import type { LogShare } from "./log-share.ts";

/** Changes that come closer together are one: lines travel in batches. */
const gatherMs = 5;
/** So many stamps stand as close as the looks. What goes on printing for days gets them further apart, or times would fill the disk. */
const closeStamps = 10_000;
const sparseMs = 1_000;

export class LogStamps {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #share: LogShare;
  readonly #closeStamps: number;
  readonly #followed = new Map<string, FollowedLog>();
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(clock: Clock, logger: Logger, share: LogShare, options: { readonly closeStamps?: number } = {}) {
    this.#closeStamps = options.closeStamps ?? closeStamps;
    this.#clock = clock;
    this.#logger = logger;
    this.#share = share;
  }

  /** Watches the log of a run; once is enough. The log need not exist yet. */
  async follow(run: RunDirectory): Promise<void> {
    if (this.#followed.has(run.log)) return;
    const followed: FollowedLog = {
      run,
      offset: 0,
      count: 0,
      stampedMs: 0,
      busy: Promise.resolve(),
      gathering: false,
      waiting: false,
    };
    this.#followed.set(run.log, followed);
    await this.#share.load(run);
    const stamps = parseStamps(await readFile(run.logTimes, "utf8").catch(() => ""));
    followed.offset = stamps.at(-1)?.offset ?? 0;
    followed.count = stamps.length;
    try {
      followed.watcher = watch(run.log, { persistent: false }, () => this.#grown(followed));
      followed.watcher.on("error", () => followed.watcher?.close());
    } catch {
      // Not there yet: the next call, once the run has started, finds it.
      this.#followed.delete(run.log);
      return;
    }
    this.#grown(followed);
  }

  /**
   * Sees to it that what is in the log now has its stamp, if the log is watched: whoever reads it later finds the same
   * times. Once stamps are sparse it may go without, and times are right to a second.
   */
  async catchUp(run: RunDirectory): Promise<void> {
    const followed = this.#followed.get(run.log);
    if (followed !== undefined) await this.#stamp(followed);
  }

  /** Takes the last stamp of a run that has ended. */
  async finish(run: RunDirectory): Promise<void> {
    const followed = this.#followed.get(run.log);
    if (followed === undefined) return;
    this.#followed.delete(run.log);
    followed.watcher?.close();
    await this.#stamp(followed, "last");
    this.#tell(run.log);
  }

  /** Calls `changed` whenever the run's log may have grown or the run ended, until the returned function is called. */
  listen(run: RunDirectory, changed: () => void): () => void {
    const listeners = this.#listeners.get(run.log) ?? new Set();
    this.#listeners.set(run.log, listeners.add(changed));
    return () => {
      listeners.delete(changed);
      if (listeners.size === 0) this.#listeners.delete(run.log);
    };
  }

  /** Takes a last stamp of every log and stops watching. */
  async close(): Promise<void> {
    await Promise.all([...this.#followed.values()].map(({ run }) => this.finish(run)));
  }

  #grown(followed: FollowedLog): void {
    if (followed.gathering) return;
    followed.gathering = true;
    const gathered = async (): Promise<void> => {
      await this.#clock.sleep(gatherMs);
      followed.gathering = false;
      await this.#stamp(followed);
      this.#tell(followed.run.log);
    };
    gathered().catch((error: unknown) => this.#logger.warn({ error: String(error) }, "growth of a log not told"));
  }

  /** One after the other, so that stamps ascend. */
  #stamp(followed: FollowedLog, kind: "next" | "last" = "next"): Promise<void> {
    followed.busy = followed.busy.then(() => this.#append(followed, kind));
    return followed.busy;
  }

  async #append(followed: FollowedLog, kind: "next" | "last"): Promise<void> {
    try {
      const { size } = await stat(followed.run.log);
      if (size <= followed.offset) return;
      await this.#share.trim(followed.run, size);
      const nowMs = this.#clock.now();
      const isEarly = followed.count >= this.#closeStamps && nowMs - followed.stampedMs < sparseMs;
      if (isEarly && kind === "next") {
        this.#stampLater(followed);
        return;
      }
      await appendFile(followed.run.logTimes, `${size} ${nowMs}\n`);
      followed.offset = size;
      followed.count += 1;
      followed.stampedMs = nowMs;
    } catch (error) {
      this.#logger.warn({ log: followed.run.log, error: String(error) }, "times of log lines not kept");
    }
  }

  /** Nothing may be written after what goes without a stamp now, so somebody has to come back for it. */
  #stampLater(followed: FollowedLog): void {
    if (followed.waiting) return;
    followed.waiting = true;
    const waited = async (): Promise<void> => {
      await this.#clock.sleep(sparseMs);
      followed.waiting = false;
      if (this.#followed.get(followed.run.log) === followed) await this.#stamp(followed);
    };
    waited().catch((error: unknown) => this.#logger.warn({ error: String(error) }, "growth of a log not told"));
  }

  #tell(log: string): void {
    for (const listener of this.#listeners.get(log) ?? []) listener();
  }
}

interface FollowedLog {
  readonly run: RunDirectory;
  /** Bytes that have their stamp. */
  offset: number;
  /** How many stamps there are, and when the last one was made; 0 if not by this process. */
  count: number;
  stampedMs: number;
  busy: Promise<void>;
  gathering: boolean;
  /** Somebody comes back for the next stamp. */
  waiting: boolean;
  watcher?: FSWatcher;
}

export interface LogStamp {
  /** Bytes of the log that were there at `timeMs`. */
  readonly offset: number;
  readonly timeMs: number;
}

/** Stamps from the text of `log-times`, ascending; an unfinished last line is left out. */
export function parseStamps(text: string): readonly LogStamp[] {
  const stamps: LogStamp[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const [offset, timeMs] = line.split(" ").map(Number);
    if (Number.isSafeInteger(offset) && Number.isSafeInteger(timeMs))
      stamps.push({ offset: offset ?? 0, timeMs: timeMs ?? 0 });
  }
  return stamps;
}
