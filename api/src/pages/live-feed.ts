/**
 * What an open page has still to be told. Parts are kept by name and lines up to a page's worth, so a reader that is
 * slow, or gone to sleep, costs the same as a quick one and gets the newest state.
 */
import { abortError } from "@flyte-dataplane/core";

export interface LiveFeed<L> {
  part(name: string, text: string): void;
  line(line: L): void;
  /** Nothing more will be put in. */
  end(error?: Error): void;
  /** Resolves with what is new, at once if something is; undefined at the end. Rejects with the error that ended it. */
  next(signal: AbortSignal): Promise<LiveNews<L> | undefined>;
}

export interface LiveNews<L> {
  readonly parts: ReadonlyMap<string, string>;
  /** The newest lines since the last call. */
  readonly lines: readonly L[];
}

export function createLiveFeed<L>(mostLines: number): LiveFeed<L> {
  let parts = new Map<string, string>();
  let lines: L[] = [];
  let over: { readonly error: Error | undefined } | undefined;
  let wake: (() => void) | undefined;
  const isEmpty = () => parts.size === 0 && lines.length === 0;
  return {
    part: (name, text) => {
      parts.set(name, text);
      wake?.();
    },
    line: (line) => {
      lines.push(line);
      if (lines.length >= 2 * mostLines) lines = lines.slice(-mostLines);
      wake?.();
    },
    end: (error) => {
      over ??= { error };
      wake?.();
    },
    next: async (signal) => {
      if (isEmpty() && over === undefined && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = () => {
            wake = undefined;
            signal.removeEventListener("abort", done);
            resolve();
          };
          wake = done;
          signal.addEventListener("abort", done, { once: true });
        });
      }
      if (signal.aborted) throw abortError(signal);
      if (isEmpty()) {
        if (over?.error !== undefined) throw over.error;
        return undefined;
      }
      const news = { parts, lines: lines.slice(-mostLines) };
      parts = new Map();
      lines = [];
      return news;
    },
  };
}
