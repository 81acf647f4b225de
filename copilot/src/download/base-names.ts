import { DataPlaneError, parseStorageUri } from "@flyte-dataplane/core";
import { isWebAddress } from "./web-address.ts";

/**
 * The last name of a blob's location, as its writer meant it: percent-decoded, without the query that a web address may
 * carry. Empty if the location has none.
 */
export function baseName(uri: string): string {
  return keyOf(uri).replace(/\/+$/, "").replace(/^.*\//s, "");
}

function keyOf(uri: string): string {
  if (!isWebAddress(uri)) return parseStorageUri(uri, { queryIsKey: true }).key;
  try {
    return decodeURIComponent(new URL(uri).pathname);
  } catch (cause) {
    throw new DataPlaneError("invalid_argument", "the web address of a blob is malformed", { cause });
  }
}

/**
 * A name for the element `index` of a folder: `base` if it is a name and not `taken`, else with the index in front, as
 * often as it takes. The name counts as taken afterwards.
 */
export function uniqueName(base: string, index: number, taken: Set<string>): string {
  let name = base;
  while (name === "" || name === "." || name === ".." || taken.has(name)) name = `${index}_${name}`;
  taken.add(name);
  return name;
}
