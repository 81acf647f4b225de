import type { Case, Dialect } from "./case.ts";
import { type Outcome, startLane } from "./lane.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Binary } from "./program.ts";

export interface RunOptions {
  readonly binary: Binary;
  readonly dialect: Dialect;
  readonly store: ObjectStore;
  /** Cases at a time. */
  readonly parallel: number;
  /** Told of each as it ends. */
  readonly onOutcome: (one: Case, outcome: Outcome) => void;
  /** Whether no further case is to begin. */
  readonly enough?: () => boolean;
}

let nextId = 0;

/** Runs every case once, each in a folder and under a prefix of its own. */
export async function runCases(cases: readonly Case[], options: RunOptions): Promise<void> {
  const { binary, dialect, store, parallel, onOutcome, enough } = options;
  const waiting = [...cases];
  const work = async (): Promise<void> => {
    const lane = await startLane(binary, dialect, store);
    try {
      for (let one = waiting.shift(); one !== undefined && enough?.() !== true; one = waiting.shift()) {
        nextId += 1;
        onOutcome(one, await lane.run(one, nextId));
      }
    } finally {
      await lane.stop();
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
}
