import { type Clock, parseStorageUri } from "@flyte-dataplane/core";
import { type Stores, type TransferOptions, uploadFile, uploadTree } from "@flyte-dataplane/storage";
import { concurrently } from "../concurrently.ts";
import type { Locate } from "../store/locations.ts";
import type { Tally } from "../tally.ts";
import type { VariableFaults } from "../variable-faults.ts";
import type { Upload } from "./read-output.ts";

export interface NamedUpload extends Upload {
  readonly variable: string;
}

export interface StoreDataOptions {
  readonly stores: Stores;
  /** What the location of an upload means to the stores. */
  readonly locate: Locate;
  readonly clock: Clock;
  /** Resolved output directory: links in folders lead to files anywhere in it. */
  readonly within: string;
  readonly tally: Tally;
  readonly signal?: AbortSignal;
}

/** Failures told of one folder. */
const failuresTold = 3;
/** Single files at a time: enough to hide a store's latency, few enough for half a core and 128 MiB. */
const filesAtOnce = 8;

/** Stores data; what cannot be stored becomes a fault of its variable. A folder keeps all transfers busy by itself. */
export async function storeData(
  uploads: readonly NamedUpload[],
  faults: VariableFaults,
  options: StoreDataOptions,
): Promise<void> {
  const storeOne = async (upload: NamedUpload): Promise<void> => {
    if (faults.isLost(upload.variable)) return;
    try {
      await store(upload, options);
    } catch (error) {
      faults.add(upload.variable, error);
    }
  };
  const isFolder = ({ data }: NamedUpload): boolean => data.isFolder;
  await concurrently(
    uploads.filter((upload) => !isFolder(upload)),
    filesAtOnce,
    storeOne,
  );
  await concurrently(uploads.filter(isFolder), 1, storeOne);
}

async function store({ uri, data }: Upload, options: StoreDataOptions): Promise<void> {
  const { stores, locate, clock, within, tally, signal } = options;
  const location = parseStorageUri(locate(uri));
  const bucket = await stores.bucket(location);
  const transfer: TransferOptions = {
    clock,
    writes: "sync",
    failuresTold,
    ...tally.listener(),
    ...(signal !== undefined && { signal }),
  };
  if (data.isFolder) {
    const { objects, bytes } = await uploadTree(bucket, data.path, `${location.key}/`, { ...transfer, within });
    tally.done(objects, bytes);
  } else {
    const { size } = await uploadFile(bucket, data.path, location.key, transfer);
    tally.done(1, size);
  }
}
