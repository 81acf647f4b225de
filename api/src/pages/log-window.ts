/** Reads part of an attempt's log: its newest lines, or those from a given one on. The lines before are counted, not kept. */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { abortError } from "@flyte-dataplane/core";
import type { ActionIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import type { LogLine } from "@flyte-dataplane/proto/flyteidl2/logs/dataplane/payload";
import { toConnectError } from "@flyte-dataplane/runtime/server";
import { type Deadline, deadlineAfter } from "../watches/deadline.ts";
import type { PagesDeps } from "./pages-deps.ts";
import { safeLine } from "./safe-line.ts";

/** Lines on one page. */
export const linesPerPage = 500;

/** A live log has no end: a page goes out with what came, once nothing has come for a while, or enough time has gone. */
const firstMs = 600;
const idleMs = 150;
const longestLiveMs = 3_000;
/** A log that has ended is read to its end, unless it takes longer than a reader waits. */
const longestMs = 15_000;

export interface ShownLine {
  /** Counted from 1. */
  readonly number: number;
  /** When it was written, in milliseconds since the epoch, where that is known. */
  readonly timeMs: number | undefined;
  readonly text: string;
}

export interface LogWindow {
  readonly lines: readonly ShownLine[];
  /** Lines counted so far; there may be more. */
  readonly seen: number;
  /** Nothing more will come. */
  readonly ended: boolean;
  /** Why there are no lines, or no more of them. */
  readonly trouble: string | undefined;
}

export interface LogRef {
  readonly actionId: ActionIdentifier;
  readonly attempt: number;
}

export interface LogWish extends LogRef {
  /** Counted from 1; absent: the newest lines. */
  readonly fromLine: number | undefined;
  /** Whether more may be written while it is read. */
  readonly live: boolean;
}

/** Never rejects but when `signal` aborts: what went wrong is part of the window. */
export async function readLogWindow(
  deps: Pick<PagesDeps, "data" | "clock">,
  wish: LogWish,
  signal: AbortSignal,
): Promise<LogWindow> {
  const { fromLine, live } = wish;
  const collector = createCollector(fromLine);
  const stop = new AbortController();
  const reading = AbortSignal.any([signal, stop.signal]);
  const stopAfter = (ms: number): Deadline => {
    const deadline = deadlineAfter(deps.clock, ms, reading);
    deadline.signal.addEventListener("abort", () => stop.abort(), { once: true });
    return deadline;
  };
  const limit = stopAfter(live ? longestLiveMs : longestMs);
  let idle = live ? stopAfter(firstMs) : undefined;
  let ended = false;
  let trouble: string | undefined;
  try {
    for await (const lines of followLog(deps, wish, reading)) {
      collector.take(lines);
      if (collector.full()) break;
      idle?.cancel();
      idle = live ? stopAfter(idleMs) : undefined;
    }
    ended = !collector.full();
  } catch (error) {
    if (signal.aborted) throw abortError(signal);
    if (!stop.signal.aborted) trouble = troubleOf(error);
  } finally {
    idle?.cancel();
    limit.cancel();
    stop.abort();
  }
  return { lines: collector.lines(), seen: collector.seen(), ended, trouble };
}

/** Batches of lines until the container has ended. */
export async function* followLog(
  { data }: Pick<PagesDeps, "data">,
  { actionId, attempt }: LogRef,
  signal: AbortSignal,
): AsyncIterable<readonly LogLine[]> {
  for await (const { logs } of data.tailLogs({ actionId, attempt }, { signal })) {
    for (const { lines } of logs) if (lines.length > 0) yield lines;
  }
}

export function shownLine(line: LogLine, number: number): ShownLine {
  const timeMs = line.timestamp === undefined ? undefined : timestampMs(line.timestamp);
  return { number, timeMs, text: safeLine(line.message) };
}

/** In the reader's words: a log that is not there is the ordinary case of an action that waits or never ran. */
export function troubleOf(error: unknown): string {
  const { code, rawMessage } = toConnectError(error);
  return code === Code.NotFound ? "There is no log, or not yet." : `The log cannot be read: ${rawMessage}`;
}

interface Collector {
  take(lines: readonly LogLine[]): void;
  /** Enough lines are there; true of windows with a first line alone. */
  full(): boolean;
  seen(): number;
  lines(): readonly ShownLine[];
}

function createCollector(fromLine: number | undefined): Collector {
  let kept: { readonly line: LogLine; readonly number: number }[] = [];
  let seen = 0;
  const last = fromLine === undefined ? Infinity : fromLine + linesPerPage - 1;
  return {
    take: (lines) => {
      for (const line of lines) {
        seen += 1;
        if (seen < (fromLine ?? 1) || seen > last) continue;
        kept.push({ line, number: seen });
      }
      // Cut rarely rather than with every batch.
      if (kept.length > 8 * linesPerPage) kept = kept.slice(-linesPerPage);
    },
    full: () => seen > last,
    seen: () => seen,
    lines: () => kept.slice(-linesPerPage).map(({ line, number }) => shownLine(line, number)),
  };
}
