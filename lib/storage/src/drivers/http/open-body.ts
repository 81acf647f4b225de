import { DataPlaneError } from "@flyte-dataplane/core";
import type { FileTarget, ReadResult } from "../../driver.ts";
import { writeBody } from "../../file-target.ts";
import type { WireResponse } from "../../wire/exchange.ts";

import { receive } from "../../wire-body.ts";
import { contentRange, webInfo } from "./web-info.ts";

interface Range {
  readonly offset: number;
  readonly length?: number;
}

/** The part of a response's body that was asked for; throws `failed_precondition` for a server that gives another one. */
export function openBody(
  key: string,
  response: WireResponse,
  range: Range,
  signal: AbortSignal | undefined,
): ReadResult {
  const { status, headers, length } = response;
  if (status === 200) {
    const info = webInfo(key, headers, length);
    const whole = receive(response, { expected: length, check: undefined, signal });
    const untouched = range.offset === 0 && (range.length === undefined || range.length >= info.size);
    return { info, ...(untouched ? whole : cutOut(whole.body, range)) };
  }
  const { first, last, size } = contentRange(headers);
  if (size === undefined && range.length === undefined) {
    throw new DataPlaneError("failed_precondition", `the server does not say whether byte ${last} is the last one`);
  }
  const count = last - first + 1;
  // A range of no bytes was asked for as one of one byte.
  const most = Math.min(Math.max(range.length ?? Number.POSITIVE_INFINITY, 1), (size ?? last + 1) - range.offset);
  if (first !== range.offset || count !== most || (length !== undefined && length !== count)) {
    throw new DataPlaneError("failed_precondition", `the server gives bytes ${first} to ${last} for other ones`);
  }
  const info = webInfo(key, headers, size);
  const part = receive(response, { expected: count, check: undefined, signal });
  return { info, ...(range.length === 0 ? cutOut(part.body, { offset: 0, length: 0 }) : part) };
}

/** For servers that give the whole when asked for a part: what comes before is read and dropped. */
function cutOut(
  body: AsyncIterable<Uint8Array>,
  { offset, length = Number.POSITIVE_INFINITY }: Range,
): Pick<Required<ReadResult>, "body" | "toFile"> {
  const chunks = between(body, offset, offset + length);
  return { body: chunks, toFile: (target: FileTarget) => writeBody(chunks, target) };
}

async function* between(
  body: AsyncIterable<Uint8Array>,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  for await (const chunk of body) {
    const part = chunk.subarray(Math.max(0, start - at), Math.max(0, Math.min(chunk.byteLength, end - at)));
    if (part.byteLength > 0) yield part;
    at += chunk.byteLength;
    if (at >= end) return;
  }
}
