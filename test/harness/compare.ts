import { type Difference, differences } from "./canonical.ts";
import type { Recording } from "./recording.ts";

/** A difference between two programs that is meant: which item of the contract says so. */
export interface Declared {
  /** Item of the contract, as `B1`. */
  readonly item: string;
  /** Regular expression that the case's name matches; cases that prove the item by default. */
  readonly cases?: string;
  /** Regular expression that the place of the difference matches. */
  readonly at: string;
  readonly why: string;
}

export interface Comparison {
  /** Cases that both recordings have. */
  readonly compared: number;
  /** Of those, without any difference. */
  readonly same: number;
  readonly declared: readonly Found[];
  readonly undeclared: readonly Found[];
  /** Declared, and never seen. */
  readonly unused: readonly Declared[];
  /** In one recording alone. */
  readonly lonely: readonly string[];
}

export interface Found extends Difference {
  readonly name: string;
  readonly item?: string;
}

/** Holds two recordings against one another; each difference counts for the first declaration that matches it. */
export function compareRecordings(first: Recording, second: Recording, declarations: readonly Declared[]): Comparison {
  const patterns = declarations.map((declared) => ({
    declared,
    holds: holds(declared, first),
    at: new RegExp(declared.at),
  }));
  const names = [...new Set([...Object.keys(first.cases), ...Object.keys(second.cases)])].sort();
  const [declared, undeclared, lonely]: [Found[], Found[], string[]] = [[], [], []];
  const used = new Set<Declared>();
  let [compared, same] = [0, 0];
  for (const name of names) {
    if (!(name in first.cases) || !(name in second.cases)) {
      lonely.push(name);
      continue;
    }
    compared += 1;
    const found = differences(first.cases[name], second.cases[name]);
    if (found.length === 0) same += 1;
    for (const difference of found) {
      const match = patterns.find(({ holds: of, at }) => of(name) && at.test(difference.at));
      if (match === undefined) undeclared.push({ name, ...difference });
      else {
        used.add(match.declared);
        declared.push({ name, ...difference, item: match.declared.item });
      }
    }
  }
  return { compared, same, declared, undeclared, unused: declarations.filter((one) => !used.has(one)), lonely };
}

function holds({ cases, item }: Declared, { proves }: Recording): (name: string) => boolean {
  if (cases === undefined) return (name) => proves[name]?.includes(item) === true;
  const pattern = new RegExp(cases);
  return (name) => pattern.test(name);
}
