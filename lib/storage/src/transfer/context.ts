import type { Clock } from "@flyte-dataplane/core";
import type { Bucket } from "../bucket.ts";
import { blockingDisk, type Disk, yieldingDisk } from "./disk.ts";
import { defaultSizes, type TransferOptions, type TransferSizes } from "./options.ts";
import { ProgressMeter } from "./progress.ts";

/** What all objects of one transfer share. */
export interface TransferContext<Options extends TransferOptions> {
  readonly bucket: Bucket;
  readonly options: Options;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly sizes: TransferSizes;
  readonly meter: ProgressMeter;
  /** One object at a time moves in pieces, so that a tree of large ones takes no more memory and connections than one. */
  readonly inPieces: Turns;
}

export function createContext<Options extends TransferOptions>(
  bucket: Bucket,
  options: Options,
): TransferContext<Options> {
  return {
    bucket,
    options,
    clock: options.clock,
    disk: options.writes === "sync" ? blockingDisk : yieldingDisk,
    sizes: { ...defaultSizes, ...options.sizes },
    meter: new ProgressMeter(options),
    inPieces: new Turns(),
  };
}

/** Lets one after the other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(run: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(run);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
