import path from "node:path";
import { DataPlaneError, parseStorageUri } from "@flyte-dataplane/core";
import type { Bucket, Stores } from "@flyte-dataplane/storage";
import { concurrently } from "../concurrently.ts";
import { makeFolder, placeBytes, placeFile } from "../local/place-file.ts";
import { VariableFaults } from "../variable-faults.ts";
import { checkFileName } from "../variable-names.ts";
import type { BlobPlace, Layout } from "./layout.ts";
import type { OpenedObject } from "./opened-object.ts";
import { isWebAddress } from "./web-address.ts";
import { openWebObject } from "./web-object.ts";

export interface MaterializeOptions {
  readonly stores: Stores;
  /** Most bytes of one object. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** What one stage moved, for the summary. */
export interface Moved {
  readonly files: number;
  readonly bytes: number;
}

/** Transfers at a time: enough to hide a store's latency, few enough for half a core and 128 MiB. */
const transfers = 16;

/** One object on its way to one file. */
interface Fetch {
  readonly variable: string;
  readonly file: string;
  readonly open: (signal: AbortSignal | undefined) => Promise<OpenedObject>;
}

/**
 * Makes the layout true. Folders of blobs are listed first, so that a key which would leave its folder is refused before
 * any byte is written; then come folders, texts and blobs. Rejects with one error that names every variable that failed;
 * what was complete by then stays.
 */
export async function materialize(layout: Layout, options: MaterializeOptions): Promise<Moved> {
  const faults = new VariableFaults();
  const folders = new Set(layout.folders);
  const fetches: Fetch[] = [];
  await concurrently(layout.blobs, transfers, async (blob) => {
    try {
      fetches.push(...(await expand(blob, folders, options)));
    } catch (error) {
      faults.add(blob.variable, error);
    }
  });
  faults.throwIfAny("list inputs");
  for (const folder of folders) await makeFolder(folder);
  for (const { file, bytes } of layout.texts) await placeBytes(file, bytes);
  let bytes = 0;
  await concurrently(fetches, transfers, async (fetch) => {
    if (faults.isLost(fetch.variable)) return;
    try {
      const size = await fetchObject(fetch, options);
      bytes += size;
    } catch (error) {
      faults.add(fetch.variable, error);
    }
  });
  faults.throwIfAny("download inputs");
  return { files: fetches.length, bytes };
}

/** The objects of a blob; folders that they need are added to `folders`. */
async function expand(blob: BlobPlace, folders: Set<string>, options: MaterializeOptions): Promise<readonly Fetch[]> {
  const { variable, multipart } = blob;
  if (isWebAddress(blob.uri)) return [fetchFromWeb(blob)];
  const location = parseStorageUri(blob.uri, { queryIsKey: true });
  const bucket = await options.stores.bucket(location);
  if (!multipart) return [fetchFromStore(variable, bucket, location.key, blob.path)];
  const fetches: Fetch[] = [];
  // With the slash, else "dir" would also bring what lies in "dir2".
  const prefix = `${location.key}/`;
  const listed = options.signal === undefined ? {} : { signal: options.signal };
  for await (const { key } of bucket.list(prefix, listed)) {
    const relative = key.slice(prefix.length);
    const segments = relative.replace(/\/$/, "").split("/");
    if (relative !== "") for (const segment of segments) checkFileName(segment, `object "${bucket.uri(key)}"`);
    const file = path.join(blob.path, ...segments);
    // Some tools store a folder as an object whose key ends in a slash.
    const isMarker = relative === "" || relative.endsWith("/");
    folders.add(isMarker ? file : path.dirname(file));
    if (!isMarker) fetches.push(fetchFromStore(variable, bucket, key, file));
  }
  return fetches;
}

function fetchFromStore(variable: string, bucket: Bucket, key: string, file: string): Fetch {
  return {
    variable,
    file,
    open: async (signal) => {
      const { info, body } = await bucket.get(key, signal === undefined ? {} : { signal });
      return { ref: bucket.uri(key), size: info.size, body };
    },
  };
}

function fetchFromWeb({ variable, uri, path: file, multipart }: BlobPlace): Fetch {
  if (multipart)
    throw new DataPlaneError("unimplemented", "a web server lists no folders: only single files come from there");
  return { variable, file, open: (signal) => openWebObject(uri, signal) };
}

async function fetchObject({ file, open }: Fetch, { maxBytes, signal }: MaterializeOptions): Promise<number> {
  return await placeFile(file, limited(await open(signal), maxBytes));
}

/** Ends the body at the first sign of more than `maxBytes`. */
async function* limited(
  { ref, size, body }: OpenedObject,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0;
  for await (const chunk of body) {
    received += chunk.byteLength;
    if (Math.max(received, size ?? 0) > maxBytes) {
      const found = size === undefined ? "more" : `${size} bytes, more`;
      throw new DataPlaneError(
        "resource_exhausted",
        `get ${ref}: the object has ${found} than the ${maxBytes} allowed; raise storage.limits.maxDownloadMBs`,
        { ref },
      );
    }
    yield chunk;
  }
  if (size !== undefined && received !== size) {
    throw new DataPlaneError("data_loss", `get ${ref}: received ${received} of ${size} bytes`, { ref });
  }
}
