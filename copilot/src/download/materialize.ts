import { type Clock, DataPlaneError, parseStorageUri } from "@flyte-dataplane/core";
import { type DownloadOptions, downloadFile, downloadTree, type Stores } from "@flyte-dataplane/storage";
import { concurrently } from "../concurrently.ts";
import { makeFolder, placeBytes } from "../local/place-file.ts";
import { VariableFaults } from "../variable-faults.ts";
import { fetchFromWeb } from "./fetch-from-web.ts";
import type { BlobPlace, Layout } from "./layout.ts";
import { listTrees, type Tree } from "./list-trees.ts";
import { isWebAddress } from "./web-address.ts";

export interface MaterializeOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  /** Most bytes of one object. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** What one stage moved, for the summary. */
export interface Moved {
  readonly files: number;
  readonly bytes: number;
}

/** Single files at a time: enough to hide a store's latency, few enough for half a core and 128 MiB. */
const transfers = 16;
/** Trees at a time, each of which moves as many objects at once as single files do. */
const treesAtOnce = 2;
const limitName = "storage.limits.maxDownloadMBs";
/** Failures told of one folder: of a thousand files that fail alike, three tell as much. */
const failuresTold = 3;

/**
 * Makes the layout true. Folders of blobs are listed first, so that a key which would leave its folder is refused before
 * any byte is written; then come folders, texts and blobs. Rejects with one error that names every variable that failed;
 * what was complete by then stays.
 */
export async function materialize(layout: Layout, options: MaterializeOptions): Promise<Moved> {
  const faults = new VariableFaults();
  const files = layout.blobs.filter(({ multipart }) => !multipart);
  const folders = layout.blobs.filter(({ multipart }) => multipart);
  for (const { uri, variable } of folders) if (isWebAddress(uri)) faults.add(variable, noWebFolder());
  faults.throwIfAny("list inputs");
  const trees = await listTrees(folders, options.stores, faults, options.signal);
  faults.throwIfAny("list inputs");
  for (const folder of layout.folders) await makeFolder(folder);
  for (const { file, bytes } of layout.texts) await placeBytes(file, bytes);
  const count = new Count(faults);
  await concurrently(files, transfers, (blob) => count.move(blob, () => moveFile(blob, options)));
  await concurrently(trees, treesAtOnce, (tree) => count.move(tree.blob, () => moveTree(tree, options)));
  faults.throwIfAny("download inputs");
  return { files: count.files, bytes: count.bytes };
}

/** Adds up what was moved; what could not be becomes a fault of its variable. */
class Count implements Moved {
  files = 0;
  bytes = 0;
  readonly #faults: VariableFaults;

  constructor(faults: VariableFaults) {
    this.#faults = faults;
  }

  async move({ variable }: BlobPlace, run: () => Promise<Moved>): Promise<void> {
    if (this.#faults.isLost(variable)) return;
    try {
      const { files, bytes } = await run();
      this.files += files;
      this.bytes += bytes;
    } catch (error) {
      this.#faults.add(variable, error);
    }
  }
}

async function moveFile({ uri, path: file }: BlobPlace, options: MaterializeOptions): Promise<Moved> {
  if (isWebAddress(uri)) return { files: 1, bytes: await fetchFromWeb(uri, file, { ...options, limitName }) };
  const location = parseStorageUri(uri, { queryIsKey: true });
  const bucket = await options.stores.bucket(location);
  const { size } = await downloadFile(bucket, location.key, file, transferOptions(options));
  return { files: 1, bytes: size };
}

async function moveTree({ blob, bucket, prefix, objects }: Tree, options: MaterializeOptions): Promise<Moved> {
  const listed = objects === undefined ? {} : { listed: objects };
  const moved = await downloadTree(bucket, prefix, blob.path, { ...transferOptions(options), ...listed });
  return { files: moved.objects, bytes: moved.bytes };
}

function transferOptions({ clock, maxBytes, signal }: MaterializeOptions): DownloadOptions {
  const given = signal === undefined ? {} : { signal };
  return { clock, writes: "sync", verify: "known", maxBytes, limitName, failuresTold, ...given };
}

function noWebFolder(): DataPlaneError {
  return new DataPlaneError("unimplemented", "a web server lists no folders: only single files come from there", {
    origin: "user",
  });
}
