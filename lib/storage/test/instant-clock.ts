import { abortError, type Clock } from "@flyte-dataplane/core";

export interface InstantClock extends Clock {
  /** Every wait asked for, in milliseconds. */
  readonly waits: readonly number[];
}

/** A clock on which waiting takes no time but is remembered; an aborted signal ends it as it does on a real one. */
export function instantClock(): InstantClock {
  let now = 1_700_000_000_000;
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    async sleep(ms, { signal } = {}) {
      waits.push(ms);
      // Whoever aborts in the same turn is heard.
      await Promise.resolve();
      if (signal?.aborted === true) throw abortError(signal);
      now += ms;
    },
  };
}
