import { type Canonical, canonical } from "./canonical.ts";
import type { Case, Dialect, World } from "./case.ts";
import type { Observation } from "./observation.ts";

/** What a program did in each case, without what differs from run to run: two of them can be compared. */
export interface Recording {
  /** Version of this form. */
  readonly harness: 1;
  /** What the program says of itself, or its path. */
  readonly program: string;
  readonly dialect: Dialect;
  readonly cases: Readonly<Record<string, Canonical>>;
  /** Items of the contract that a case proves, by its name. */
  readonly proves: Readonly<Record<string, readonly string[]>>;
}

/** The part of an observation that is recorded, with places by their names. */
export function recorded(seen: Observation, world: World): Canonical {
  const { status, stdout, stderr, local, remote, strays, waited, requests } = seen;
  const { lastLine, kinds } = stderr;
  const names = placeNames(world);
  return named(
    canonical({ status, stdout, stderr: { lastLine, kinds }, local, remote, strays, waited, requests }),
    names,
  );
}

/** Longer places first: one may stand in another. */
function placeNames({ work, base, store, locate }: World): readonly (readonly [string, string])[] {
  const places: readonly (readonly [string, string])[] = [
    [base, "{base}"],
    [base.replace(/^s3:\/\/[^/]*\//, ""), "{folder}"],
    [work, "{work}"],
    [store.bucket, "{bucket}"],
    [store.otherBucket, "{other bucket}"],
    [store.endpoint, "{endpoint}"],
    [store.endpoint.replace(/^http:\/\//, ""), "{endpoint's host}"],
    [locate({ web: "" }), "{web}"],
  ];
  return places.filter(([place]) => place.length > 3).toSorted(([a], [b]) => b.length - a.length);
}

function named(value: Canonical, names: readonly (readonly [string, string])[]): Canonical {
  if (typeof value === "string") return namedText(value, names);
  if (Array.isArray(value)) return value.map((item: Canonical) => named(item, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [namedText(name, names), named(member, names)]),
  );
}

function namedText(text: string, names: readonly (readonly [string, string])[]): string {
  const short = text.length > 4096 ? `${text.slice(0, 4096)}…` : text;
  const placed = names.reduce((said, [place, name]) => said.replaceAll(place, name), short);
  // What programs invent anew in each run: times, request ids, hexadecimal ids.
  return placed
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z(?=")/g, "{time}")
    .replace(/"seconds":\d+(?:\.\d+)?/g, '"seconds":{seconds}')
    .replace(/\b[0-9A-F]{16,}\b/g, "{id}");
}

/** What the cases prove, by their names. */
export function provenBy(cases: readonly Case[]): Recording["proves"] {
  return Object.fromEntries(cases.map(({ name, items }) => [name, items]));
}

/** Cases by name; a name that comes twice is a mistake of the harness. */
export function byName(cases: readonly Case[]): ReadonlyMap<string, Case> {
  const found = new Map<string, Case>();
  for (const one of cases) {
    if (found.has(one.name)) throw new Error(`two cases are called "${one.name}"`);
    found.set(one.name, one);
  }
  return found;
}
