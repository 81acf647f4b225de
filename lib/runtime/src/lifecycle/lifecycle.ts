/**
 * How a process ends. Parts register how to stop them as they start; the first signal, failure or request stops them
 * in reverse order within a deadline; a second signal stops waiting.
 */
import { type Clock, DataPlaneError, type Logger } from "@flyte-dataplane/core";

export interface LifecycleOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long all stops together may take. */
  readonly deadlineMs: number;
}

export interface Lifecycle {
  /** Aborts when the process begins to stop; its reason is a `canceled` DataPlaneError. */
  readonly signal: AbortSignal;
  /** Registers how to stop a part; called at most once, after every part registered later has stopped. */
  onStop(name: string, stop: () => Promise<void> | void): void;
  /** Runs `run` until it ends; its rejection while the process is not stopping stops the process as failed. */
  loop(name: string, run: (signal: AbortSignal) => Promise<void>): void;
  /** Begins to stop. Later calls change nothing but may add the first `failure`. */
  stop(reason: string, failure?: unknown): void;
  /** Listens to SIGINT and SIGTERM of `emitter` until stopped; a second one gives up on waiting. */
  onSignals(emitter: SignalEmitter): void;
  /** Resolves after every part stopped or the deadline passed. Never rejects. */
  readonly stopped: Promise<Stopped>;
}

export interface Stopped {
  readonly reason: string;
  /** What made the process stop, if it was not asked to. */
  readonly failure: unknown;
  /** Names of the parts that had not stopped when the deadline passed. */
  readonly unfinished: readonly string[];
}

export interface SignalEmitter {
  on(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  off(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
}

export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const abort = new AbortController();
  const hurry = new AbortController();
  const parts: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
  let reason = "";
  let failure: unknown;
  let finish: (value: Stopped) => void = () => undefined;
  const stopped = new Promise<Stopped>((resolve) => {
    finish = resolve;
  });

  const stop: Lifecycle["stop"] = (why, cause) => {
    failure ??= cause;
    if (abort.signal.aborted) return;
    reason = why;
    // A failure is told by whoever awaits it.
    if (cause === undefined) options.logger.info({ reason: why }, "stopping");
    abort.abort(new DataPlaneError("canceled", `stopping: ${why}`));
    void stopAll(parts, options, hurry).then((unfinished) => finish({ reason, failure, unfinished }));
  };

  return {
    signal: abort.signal,
    stopped,
    stop,
    onStop: (name, stopPart) => void parts.push({ name, stop: stopPart }),
    loop: (name, run) => {
      const own = new AbortController();
      const ended = run(own.signal).catch((error: unknown) => {
        if (own.signal.aborted) return;
        options.logger.error({ loop: name, error }, "loop failed");
        stop(`${name} failed`, error);
      });
      parts.push({
        name,
        stop: () => {
          own.abort(new DataPlaneError("canceled", `stopping: ${reason}`));
          return ended;
        },
      });
    },
    onSignals: (emitter) => {
      const listener = (name: string) => () => {
        if (abort.signal.aborted) hurry.abort();
        else stop(name);
      };
      const interrupted = listener("SIGINT");
      const terminated = listener("SIGTERM");
      emitter.on("SIGINT", interrupted);
      emitter.on("SIGTERM", terminated);
      void stopped.then(() => {
        emitter.off("SIGINT", interrupted);
        emitter.off("SIGTERM", terminated);
      });
    },
  };
}

/** Stops the parts, last first; returns the names of those not done when the deadline passed or `hurry` aborted. */
async function stopAll(
  parts: { readonly name: string; readonly stop: () => Promise<void> | void }[],
  options: LifecycleOptions,
  hurry: AbortController,
): Promise<readonly string[]> {
  const done = new AbortController();
  const tooLate = options.clock
    .sleep(options.deadlineMs, { signal: AbortSignal.any([done.signal, hurry.signal]) })
    .then(
      () => "late" as const,
      () => "late" as const,
    );
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const { name, stop } = part;
    const attempt = Promise.resolve()
      .then(stop)
      .catch((error: unknown) => options.logger.error({ part: name, error }, "part did not stop cleanly"));
    if ((await Promise.race([attempt, tooLate])) === "late") {
      const unfinished = [name, ...(await stopHastily(parts, options))];
      options.logger.warn({ unfinished }, "stopped before everything had ended");
      return unfinished;
    }
  }
  done.abort();
  return [];
}

/** What each remaining part has once the patience with all of them is over: a lock is released and a database stopped in that. */
const hastyStopMs = 2000;

/** Stops the remaining parts, last first, waiting little for each; returns the names of those not done. */
async function stopHastily(
  parts: { readonly name: string; readonly stop: () => Promise<void> | void }[],
  options: LifecycleOptions,
): Promise<readonly string[]> {
  const unfinished: string[] = [];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const { name, stop } = part;
    const done = new AbortController();
    const attempt = Promise.resolve()
      .then(stop)
      .then(
        () => "done" as const,
        (error: unknown) => {
          options.logger.error({ part: name, error }, "part did not stop cleanly");
          return "done" as const;
        },
      );
    const late = options.clock.sleep(hastyStopMs, { signal: done.signal }).then(
      () => "late" as const,
      () => "late" as const,
    );
    if ((await Promise.race([attempt, late])) === "late") unfinished.push(name);
    done.abort();
  }
  return unfinished;
}
