import { DataPlaneError } from "@flyte-dataplane/core";
import type { ObjectInfo } from "../../driver.ts";
import { httpDate } from "../../store-answer.ts";

/**
 * Describes what lies behind an address; `size` undefined where the server does not tell. The version is the ETag as the
 * server spells it, else its time of change together with its size; empty where it tells neither, and where what it tells
 * may be the same for other bytes: a weak ETag, or a second of change that had not passed when it answered.
 */
export function webInfo(key: string, headers: ReadonlyMap<string, string>, size: number | undefined): ObjectInfo {
  const contentType = headers.get("content-type");
  const known = size ?? Number.POSITIVE_INFINITY;
  return {
    key,
    size: known,
    etag: versionOf(headers, known),
    modifiedAt: httpDate(headers.get("last-modified")) ?? 0,
    ...(contentType !== undefined && { contentType }),
  };
}

function versionOf(headers: ReadonlyMap<string, string>, size: number): string {
  const etag = headers.get("etag");
  if (etag !== undefined) return etag.startsWith("W/") ? "" : etag;
  const changed = headers.get("last-modified");
  const [changedAt, answeredAt] = [httpDate(changed), httpDate(headers.get("date"))];
  const isOver = changedAt !== undefined && (answeredAt === undefined || answeredAt - changedAt >= 1000);
  return isOver ? `${changed} ${size}` : "";
}

export interface ContentRange {
  readonly first: number;
  readonly last: number;
  /** Of the whole; undefined where the server does not tell. */
  readonly size: number | undefined;
}

/** Of an answer with status 206. Rejects with `failed_precondition` where it is missing or no range of bytes. */
export function contentRange(headers: ReadonlyMap<string, string>): ContentRange {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(headers.get("content-range") ?? "");
  if (match === null) throw new DataPlaneError("failed_precondition", "the server gives a part and does not say which");
  return { first: Number(match[1]), last: Number(match[2]), size: match[3] === "*" ? undefined : Number(match[3]) };
}

/** The size that comes with status 416. */
export function sizeOfUnsatisfied(headers: ReadonlyMap<string, string>): number | undefined {
  const match = /^bytes \*\/(\d{1,15})$/.exec(headers.get("content-range") ?? "");
  return match === null ? undefined : Number(match[1]);
}
