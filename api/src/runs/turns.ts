/** Lets only so many pieces of work run at once; the others wait in the order they came. */
export interface Turns {
  /** Settles as `work` does, once it had its turn. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

export function createTurns(limit: number): Turns {
  let running = 0;
  const waiting: (() => void)[] = [];
  return {
    take: async (work) => {
      if (running < limit) running += 1;
      // Whoever ends hands its turn on, so that nobody overtakes.
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
