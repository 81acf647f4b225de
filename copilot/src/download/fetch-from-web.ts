import { DataPlaneError } from "@flyte-dataplane/core";
import type { Stores, WebObject } from "@flyte-dataplane/storage";
import { placeFile } from "../local/place-file.ts";

export interface WebOptions {
  readonly stores: Stores;
  /** Most bytes of the file. */
  readonly maxBytes: number;
  /** The setting that raises it. */
  readonly limitName: string;
  readonly signal?: AbortSignal;
}

/**
 * Brings what a web server gives for `address` into `file`, complete or not at all, and resolves to its bytes. Rejects as
 * `Stores.web` does, and with `resource_exhausted` for more than is accepted.
 */
export async function fetchFromWeb(address: string, file: string, options: WebOptions): Promise<number> {
  const { stores, signal } = options;
  const object = await stores.web(address, signal === undefined ? {} : { signal });
  return await placeFile(file, limited(object, options));
}

/** Ends the body at the first sign of more: a server need not say how much comes. */
async function* limited(
  { ref, info, body }: WebObject,
  { maxBytes, limitName }: WebOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const announced = Number.isFinite(info.size) ? info.size : 0;
  let received = 0;
  for await (const chunk of body) {
    received += chunk.byteLength;
    if (Math.max(received, announced) > maxBytes) {
      throw new DataPlaneError(
        "resource_exhausted",
        `get ${ref}: it has ${announced === 0 ? "" : `${announced} bytes, `}more than the ${maxBytes} that ${limitName} accepts`,
        { ref },
      );
    }
    yield chunk;
  }
}
