/** The calls under way, and the two moments that end them: streams when the drain begins, unary calls when it is over. */
import { setMaxListeners } from "node:events";
import type { RunningCall } from "./running-call.ts";
import { UnderWay } from "./under-way.ts";

export interface Calls {
  /** Aborts when the drain begins. */
  readonly draining: AbortSignal;
  /** Counts an answer, of a procedure or not, until the returned function is called (once or more). */
  begin(): () => void;
  /** Cuts `call` with the drain's reason, a stream at its beginning, else at its end, unless `release` comes first. */
  track(call: RunningCall, streams: boolean): () => void;
  drain(reason: Error): void;
  cut(reason: Error): void;
  /** Resolves when no answer is under way. */
  idle(): Promise<void>;
}

export function createCalls(): Calls {
  const draining = new AbortController();
  // Every route under way may listen, and there may be thousands: that is no leak.
  setMaxListeners(0, draining.signal);
  const streaming = createCutSet();
  const unary = createCutSet();
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    draining: draining.signal,
    begin: () => {
      let ended = false;
      running += 1;
      return () => {
        if (ended) return;
        ended = true;
        running -= 1;
        if (running === 0) for (const resolve of waiting.splice(0)) resolve();
      };
    },
    track: (call, streams) => (streams ? streaming : unary).add(call),
    drain: (reason) => {
      draining.abort(reason);
      streaming.cut(reason);
    },
    cut: (reason) => unary.cut(reason),
    idle: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

function createCutSet() {
  const calls = new UnderWay<RunningCall>();
  let why: Error | undefined;
  return {
    add: (call: RunningCall): (() => void) => {
      if (why !== undefined) call.abort(why);
      calls.add(call);
      return () => calls.delete(call);
    },
    cut: (reason: Error): void => {
      why = reason;
      for (const call of calls.all()) call.abort(reason);
    },
  };
}
