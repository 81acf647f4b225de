import { isJsonObject } from "./stored-object.ts";

/**
 * RFC 7386: members of `patch` replace those of `target`, null removes one, objects merge, arrays are replaced whole.
 * Shares what it did not change with `target`.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const members = new Map<string, unknown>(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, mergePatch(members.get(name), value));
  }
  // fromEntries defines members, so a member called __proto__ stays a plain member.
  return Object.fromEntries(members);
}
