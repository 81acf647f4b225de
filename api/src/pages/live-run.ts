/** An open run page: its parts whenever they change, and the lines of the log as they are written. */
import { create, equals } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import {
  type ActionAttemptIdentifier,
  ActionAttemptIdentifierSchema,
} from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import type { RunKey } from "../identifiers.ts";
import { isTerminal } from "../runs/phases.ts";
import { nextOrIdle } from "../watches/deadline.ts";
import { createLiveFeed, type LiveFeed } from "./live-feed.ts";
import { linesPart, logAbout } from "./log-part.ts";
import { followLog, linesPerPage, type ShownLine, shownLine, troubleOf } from "./log-window.ts";
import type { PagesDeps } from "./pages-deps.ts";
import { phaseWord } from "./phase-mark.ts";
import { emptyMemory, loadRun, logRefOf, type RunState, runTitle } from "./run-page.ts";
import type { RunView } from "./run-view.ts";
import { shownName } from "./tree-part.ts";

/** What the page has of the log already. */
export interface SeenLog {
  readonly attempt: number | undefined;
  /** The line to go on with, counted from 1. */
  readonly nextLine: number;
}

/** Shortest time between two messages to one page: eyes are no quicker, and a burst of changes is one. */
const gatherMs = 400;

interface NumberedLine extends ShownLine {
  readonly attempt: number;
}

/** Messages of a `text/event-stream`. Ends when the run has, with its log; `keepAlive` comments keep proxies awake. */
export async function* liveRun(
  deps: PagesDeps,
  run: RunKey,
  view: RunView,
  seen: SeenLog,
  signal: AbortSignal,
): AsyncIterable<string> {
  const feed = createLiveFeed<NumberedLine>(linesPerPage);
  const over = new AbortController();
  const lives = AbortSignal.any([signal, over.signal]);
  void followRun(deps, { run, view, seen, feed, signal: lives }).then(
    () => feed.end(),
    (error: unknown) =>
      feed.end(error instanceof Error ? error : new DataPlaneError("internal", "follow run: failed", { cause: error })),
  );
  try {
    for (let news = await feed.next(lives); news !== undefined; news = await feed.next(lives)) {
      const [first] = news.lines;
      if (first !== undefined) {
        // Of two attempts' lines only the later attempt's are still wanted.
        const attempt = news.lines.at(-1)?.attempt ?? first.attempt;
        const lines = news.lines.filter((line) => line.attempt === attempt);
        const last = lines.at(-1)?.number ?? 0;
        const extent = { first: Math.max(1, last - linesPerPage + 1), last, seen: last, ended: false };
        yield event("lines", {
          attempt,
          first: lines[0]?.number,
          next: last + 1,
          html: linesPart(lines).text,
          about: logAbout({ run, view, attempt }, extent).text,
        });
      }
      // After the lines, since one part tells that they have ended.
      for (const [name, text] of news.parts) yield message(name, text);
      await deps.clock.sleep(gatherMs, { signal: lives });
    }
    yield event("end", {});
  } finally {
    over.abort();
  }
}

interface Following {
  readonly run: RunKey;
  readonly view: RunView;
  readonly seen: SeenLog;
  readonly feed: LiveFeed<NumberedLine>;
  readonly signal: AbortSignal;
}

/** Looks at the run at once and after each change of its actions; resolves when nothing about the page will change any more. */
async function followRun(deps: PagesDeps, following: Following): Promise<void> {
  const { run, view, feed, signal } = following;
  const told = new Map<string, string>();
  const tell = (name: string, text: string): void => {
    if (told.get(name) === text) return;
    told.set(name, text);
    feed.part(name, text);
  };
  const memory = emptyMemory();
  const log = createLogFollower(deps, following, tell);
  const subscription = await deps.changes.actionsOf(run);
  try {
    for (;;) {
      const state = await loadRun(deps, run, view, memory, signal);
      for (const [name, part] of Object.entries(state.parts) as readonly (readonly [string, { text: string }])[]) {
        tell(name, part.text);
      }
      tell("title", runTitle(run, state));
      tell("told", sentence(state));
      log.look(state);
      if (isTerminal(state.root.row.phase) && isTerminal(state.chosen.row.phase)) break;
      // Without a change for long a comment shows proxies, and us, that the connection lives.
      const { watchKeepAliveMs: idleMs } = deps.config;
      while ((await nextOrIdle(subscription, { clock: deps.clock, idleMs, signal })) === undefined) feed.part("", "");
      await deps.clock.sleep(gatherMs, { signal });
    }
    await log.ended();
  } finally {
    subscription.close();
  }
}

/** What a screen reader says when it changes. */
function sentence({ root, chosen }: RunState): string {
  const run = `Run ${root.row.runName}: ${phaseWord(root.row.phase)}.`;
  const { row } = chosen;
  return row.name === root.row.name ? run : `${run} ${shownName(row)} ${row.name}: ${phaseWord(row.phase)}.`;
}

interface LogFollower {
  /** Begins with the attempt's log once it has one, and goes on to the next attempt's. */
  look(state: RunState): void;
  /** Resolves when no log is being read. */
  ended(): Promise<void>;
}

function createLogFollower(
  deps: PagesDeps,
  { view, seen, feed, signal }: Following,
  tell: (name: string, text: string) => void,
): LogFollower {
  let current: ActionAttemptIdentifier | undefined;
  let reading: Promise<void> = Promise.resolve();
  const read = async (ref: ActionAttemptIdentifier): Promise<void> => {
    const { actionId, attempt } = ref;
    if (actionId === undefined) return;
    const from = seen.attempt === attempt ? seen.nextLine : 1;
    let number = 0;
    try {
      for await (const lines of followLog(deps, { actionId, attempt }, signal)) {
        for (const line of lines) {
          number += 1;
          if (number >= from) feed.line({ ...shownLine(line, number), attempt });
        }
      }
      tell("log-end", number === 0 ? "Nothing was printed." : "The log has ended.");
    } catch (error) {
      if (!signal.aborted) tell("log-end", troubleOf(error));
    }
  };
  return {
    look: (state) => {
      const ref = logRefOf(state);
      // A part of the log that was asked for stands still.
      if (ref === undefined || view.fromLine !== undefined || !(state.attempt?.logsAvailable ?? false)) return;
      if (current !== undefined && equals(ActionAttemptIdentifierSchema, current, ref)) return;
      current = create(ActionAttemptIdentifierSchema, ref);
      tell("log-end", "The log goes on.");
      const before = reading;
      reading = before.then(() => read(ref));
    },
    ended: () => reading,
  };
}

function message(name: string, text: string): string {
  return name === "" ? ": alive\n\n" : event("part", { id: name, html: text });
}

/** JSON has no line feeds, so one `data` line holds it. */
function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
