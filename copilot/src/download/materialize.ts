import { type Clock, DataPlaneError, parseStorageUri } from "@flyte-dataplane/core";
import { type DownloadOptions, downloadFile, downloadTree, type Stores } from "@flyte-dataplane/storage";
import { concurrently } from "../concurrently.ts";
import { makeFolder } from "../local/place-file.ts";
import { checkRoom, namingVolume } from "../local/volume.ts";
import type { Tally } from "../tally.ts";
import { VariableFaults } from "../variable-faults.ts";
import { fetchFromWeb } from "./fetch-from-web.ts";
import { listTrees, type Tree } from "./list-trees.ts";
import type { BlobPlace, Layout } from "./places.ts";
import { isWebAddress } from "./web-address.ts";

export interface MaterializeOptions {
  /** That everything lies in. */
  readonly folder: string;
  readonly stores: Stores;
  readonly clock: Clock;
  /** Most bytes of one object. */
  readonly maxBytes: number;
  readonly tally: Tally;
  /** See `DownloadOptions` of transfers. */
  readonly verify?: "checksums" | "known";
  /** Writes what lies nowhere else; called once all folders are there. */
  readonly writeTexts: () => Promise<void>;
  readonly signal?: AbortSignal;
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
export async function materialize(layout: Layout, options: MaterializeOptions): Promise<void> {
  const faults = new VariableFaults();
  const files = layout.blobs.filter(({ multipart }) => !multipart);
  const folders = layout.blobs.filter(({ multipart }) => multipart);
  for (const { uri, variable } of folders) if (isWebAddress(uri)) faults.add(variable, noWebFolder());
  faults.throwIfAny("list inputs");
  const trees = await listTrees(folders, options.stores, faults, options.signal);
  faults.throwIfAny("list inputs");
  // Of single files the store tells the size when it sends them.
  checkRoom(
    options.folder,
    trees.reduce((sum, { bytes }) => sum + bytes, layout.textBytes),
  );
  for (const folder of layout.folders) makeFolder(folder);
  await options.writeTexts();
  const each =
    (move: (blob: BlobPlace) => Promise<void>) =>
    async (blob: BlobPlace): Promise<void> => {
      if (faults.isLost(blob.variable)) return;
      try {
        await move(blob);
      } catch (error) {
        faults.add(blob.variable, namingVolume(options.folder, error));
      }
    };
  await concurrently(
    files,
    transfers,
    each((blob) => moveFile(blob, options)),
  );
  await concurrently(trees, treesAtOnce, (tree) => each(() => moveTree(tree, options))(tree.blob));
  faults.throwIfAny("download inputs");
}

async function moveFile({ uri, path: file }: BlobPlace, options: MaterializeOptions): Promise<void> {
  const { stores, tally } = options;
  if (isWebAddress(uri)) {
    tally.done(1, await fetchFromWeb(uri, file, { ...options, limitName }));
    return;
  }
  const location = parseStorageUri(uri, { queryIsKey: true });
  const bucket = await stores.bucket(location);
  const { size } = await downloadFile(bucket, location.key, file, transferOptions(options));
  tally.done(1, size);
}

async function moveTree({ blob, bucket, prefix, objects }: Tree, options: MaterializeOptions): Promise<void> {
  const listed = objects === undefined ? {} : { listed: objects };
  const moved = await downloadTree(bucket, prefix, blob.path, { ...transferOptions(options), ...listed });
  options.tally.done(moved.objects, moved.bytes);
}

function transferOptions(options: MaterializeOptions): DownloadOptions {
  const { clock, maxBytes, tally, verify = "known", signal } = options;
  return {
    clock,
    writes: "sync",
    maxBytes,
    limitName,
    verify,
    failuresTold,
    ...tally.listener(),
    ...(signal !== undefined && { signal }),
  };
}

function noWebFolder(): DataPlaneError {
  return new DataPlaneError("unimplemented", "a web server lists no folders: only single files come from there", {
    origin: "user",
  });
}
