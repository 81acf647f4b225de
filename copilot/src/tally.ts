import type { Progress, TransferOptions } from "@flyte-dataplane/storage";

/** Counts what one run moves, for its progress and its last line. */
export class Tally {
  /** Complete ones. */
  files = 0;
  /** Of complete files. */
  bytes = 0;
  /** Requests made again. */
  retries = 0;
  readonly #listens: boolean;
  #bytesSeen = 0;

  /** Without `listens`, bytes count when their file is complete: looking at each chunk of each file costs a little. */
  constructor(listens: boolean) {
    this.#listens = listens;
  }

  /** Bytes that have arrived so far, those of files that are under way among them. */
  get bytesSoFar(): number {
    return Math.max(this.bytes, this.#bytesSeen);
  }

  done(files: number, bytes: number): void {
    this.files += files;
    this.bytes += bytes;
  }

  /** What one transfer is given, so that it is heard while it runs. */
  listener(): Pick<TransferOptions, "onProgress" | "progressEveryMs"> {
    if (!this.#listens) return {};
    let before = 0;
    const onProgress = ({ bytes }: Progress): void => {
      this.#bytesSeen += bytes - before;
      before = bytes;
    };
    return { onProgress, progressEveryMs: 0 };
  }
}
