import type { BigIntStats } from "node:fs";
import type { ObjectInfo } from "../../driver.ts";

/**
 * Describes a file. Inode, time of change and size together differ after any replacement by rename, and stay through
 * the rename itself, so a writer knows the etag of what it is about to publish.
 */
export function objectInfo(key: string, stats: BigIntStats): ObjectInfo {
  return {
    key,
    size: Number(stats.size),
    etag: etagOf(stats),
    modifiedAt: Number(stats.mtimeMs),
  };
}

export function etagOf(stats: BigIntStats): string {
  return `${stats.ino.toString(16)}-${stats.mtimeNs.toString(16)}-${stats.size.toString(16)}`;
}
