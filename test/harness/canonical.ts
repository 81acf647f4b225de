/** One text for what is equal: members sorted, what JSON has no form for as text. */
import { Buffer } from "node:buffer";

export type Canonical = null | boolean | number | string | readonly Canonical[] | { readonly [key: string]: Canonical };

/**
 * A decoded message, or any plain data, as canonical JSON: 64-bit integers and numbers outside JSON as text, bytes as
 * base64, absent members left out, names sorted.
 */
export function canonical(value: unknown): Canonical {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") {
    if (Object.is(value, -0)) return "-0";
    return Number.isFinite(value) ? value : String(value);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(canonical);
  if (value instanceof Map) return canonical(Object.fromEntries(value));
  if (typeof value === "object") {
    const members = Object.entries(value)
      .filter(([name, member]) => name !== "$typeName" && member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(members.map(([name, member]) => [name, canonical(member)]));
  }
  throw new Error(`no canonical form of a ${typeof value}`);
}

/** Members of both that differ, by their paths: `remote/out/error.pb/code`. */
export function differences(
  ours: Canonical | undefined,
  theirs: Canonical | undefined,
  at = "",
): readonly Difference[] {
  const within = (name: string): string => (at === "" ? name : `${at}/${name}`);
  if (isObject(ours) && isObject(theirs)) {
    const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].sort();
    return names.flatMap((name) => differences(ours[name], theirs[name], within(name)));
  }
  if (isList(ours) && isList(theirs) && ours.length === theirs.length)
    return ours.flatMap((item, index) => differences(item, theirs[index], within(String(index))));
  return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [{ at, first: ours, second: theirs }];
}

export interface Difference {
  readonly at: string;
  /** Absent where only the other has such a member. */
  readonly first: Canonical | undefined;
  readonly second: Canonical | undefined;
}

function isList(value: Canonical | undefined): value is readonly Canonical[] {
  return Array.isArray(value);
}

function isObject(value: Canonical | undefined): value is { readonly [key: string]: Canonical } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
