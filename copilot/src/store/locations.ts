import { DataPlaneError, joinUri } from "@flyte-dataplane/core";
import type { PrimaryStore } from "./primary-store.ts";

/** What a location means to the stores; most mean themselves. */
export type Locate = (uri: string) => string;

/** `joinUri`, also of a local store's `file://bucket/key`, which stays as its writer has it: readers may write so, too. */
export function joinLocation(base: string, name: string): string {
  const [, place, key = ""] = /^(file:\/\/[^/]+)(.*)$/is.exec(base) ?? [];
  if (place === undefined) return joinUri(base, name);
  // The key is one like those of any store with buckets.
  const stand = "mem://bucket";
  return `${place}${joinUri(`${stand}${key}`, name).slice(stand.length)}`;
}

/**
 * Of a local store, whose buckets are folders: `file://bucket/key` is the path of the key in that folder, for programs that
 * write locations so. Throws `invalid_argument` for a malformed one.
 */
export function locator(primary: PrimaryStore): Locate {
  if (primary.scheme !== "file") return (uri) => uri;
  const { root } = primary;
  return (uri) => {
    const [, place] = /^file:\/\/([^/].*)$/is.exec(uri) ?? [];
    if (place === undefined) return uri;
    try {
      return `${root === "/" ? "" : root}/${decodeURIComponent(place)}`;
    } catch (cause) {
      throw new DataPlaneError(
        "invalid_argument",
        `storage URI "${uri.slice(0, 200)}": a percent-escape is malformed`,
        {
          cause,
        },
      );
    }
  };
}
