// Compares two descriptions of the wire and counts, package by package, what agrees and what does not.
import { canonicalJson } from "./canonical-json.ts";
import type { Entries, Facts } from "./descriptor-facts.ts";

/** One package's outcome. The three lists hold one readable line per finding and are empty at parity. */
export interface PackageComparison {
  readonly package: string;
  /** Descriptors of theirs, per kind: `{ message: 12, field: 44, … }`. */
  readonly counts: Readonly<Record<string, number>>;
  /** Theirs and not ours. */
  readonly lacking: readonly string[];
  /** Ours and not theirs. */
  readonly extra: readonly string[];
  /** In both, with unequal facts. */
  readonly different: readonly string[];
}

/** Compares every entry of `ours` and `theirs`; one row per package that either side has, sorted by name. */
export function compareEntries(ours: Entries, theirs: Entries): PackageComparison[] {
  const packages = new Set([...Object.values(ours), ...Object.values(theirs)].map((facts) => facts.package));
  return [...packages].sort().map((name) => comparePackage(name, inPackage(ours, name), inPackage(theirs, name)));
}

function comparePackage(
  name: string,
  ours: ReadonlyMap<string, Facts>,
  theirs: ReadonlyMap<string, Facts>,
): PackageComparison {
  const counts: Record<string, number> = {};
  const lacking: string[] = [];
  const different: string[] = [];
  for (const [path, facts] of theirs) {
    const { kind } = facts;
    counts[kind] = (counts[kind] ?? 0) + 1;
    const own = ours.get(path);
    if (own === undefined) lacking.push(`${kind} ${path}`);
    else different.push(...differences(path, own, facts));
  }
  const extra = [...ours].filter(([path]) => !theirs.has(path)).map(([path, facts]) => `${facts.kind} ${path}`);
  return { package: name, counts, lacking, extra, different };
}

function differences(path: string, ours: Facts, theirs: Facts): string[] {
  const facts = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].sort();
  return facts
    .map((fact) => ({ fact, own: canonicalJson(ours[fact]), other: canonicalJson(theirs[fact]) }))
    .filter(({ own, other }) => own !== other)
    .map(({ fact, own, other }) => `${path}: ${fact} is ${own}, theirs is ${other}`);
}

function inPackage(entries: Entries, name: string): ReadonlyMap<string, Facts> {
  return new Map(Object.entries(entries).filter(([, facts]) => facts.package === name));
}
