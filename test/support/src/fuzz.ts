/**
 * One fuzz target: a source of inputs and one call into the code that must survive them. A module `x.fuzz.ts` beside
 * the code exports it as `fuzzTarget`; `npm run fuzz` finds it there.
 */
export interface FuzzTarget {
  /** What `--only` selects: short, kebab-case, one per repository. */
  readonly name: string;
  /** Repository-relative path of the source file under test; its line coverage is reported. */
  readonly subject: string;
  /** Other files that the cases are meant to exercise; their lines are reported, too. */
  readonly further?: readonly string[];
  /**
   * Makes one input. `random` yields numbers in [0, 1) from the case's seed and is the only source of chance, so that
   * seed and case number give the same bytes again.
   */
  generate(random: () => number): Uint8Array;
  /**
   * Feeds one input to the code. "accepted": it was valid and whatever must hold afterwards (a round trip, a bound)
   * was checked. "rejected": refused with the typed error it promises. Throws on everything else: that is the defect.
   * What touches files answers later.
   */
  run(input: Uint8Array): FuzzOutcome | Promise<FuzzOutcome>;
  /** Removes what it made, after its last case. */
  close?(): void;
}

export type FuzzOutcome = "accepted" | "rejected";
