import { setTimeout } from "node:timers/promises";
import { abortError, type Clock } from "@flyte-dataplane/core";

/** For stores that are real, and so have a clock of their own. */
export const realClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, { signal } = {}) {
    if (signal?.aborted === true) throw abortError(signal);
    try {
      await setTimeout(ms, undefined, { signal });
    } catch (error) {
      throw signal === undefined ? error : abortError(signal);
    }
  },
};
