import { DataPlaneError } from "@flyte-dataplane/core";
import type { ObjectInfo } from "./driver.ts";

/**
 * Collects `body` into one array of `info.size` bytes. Rejects with `resource_exhausted` if the object is larger than
 * `maxBytes`; the body is released unread then.
 */
export async function readBody(
  info: ObjectInfo,
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  if (info.size > maxBytes) {
    await releaseBody(body);
    throw new DataPlaneError(
      "resource_exhausted",
      `the object has ${info.size} bytes, more than the ${maxBytes} accepted here`,
    );
  }
  const bytes = new Uint8Array(info.size);
  let filled = 0;
  for await (const chunk of body) {
    bytes.set(chunk, filled);
    filled += chunk.byteLength;
  }
  return bytes;
}

/** Lets go of what `body` holds. An iteration that never began has no cleanup of its own, so begin it and leave. */
export async function releaseBody(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _chunk of body) return;
}
