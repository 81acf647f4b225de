import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** Where log lines come from: live from wherever the container runs, or from its archive once it is gone. */
export interface LogReader {
  /**
   * The lines of one container in order, in batches as they come: those written already, then new ones until the container has ended.
   * Breaking out of the iteration releases what it holds. Rejects with `not_found` for an unknown or still pending container,
   * `unavailable` where the cluster cannot be reached, `canceled`.
   */
  read(container: ContainerRef, options: ReadLogOptions): AsyncIterable<readonly LogEntry[]>;
}

export interface ContainerRef {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface ReadLogOptions {
  /** Milliseconds since the Unix epoch; lines before it are left out. */
  readonly since?: number;
  /** Only so many lines of those already written, from the end. */
  readonly tailLines?: number;
  readonly signal: AbortSignal;
}

export interface LogEntry {
  /** When the line was written, where that is known. */
  readonly time?: Timestamp;
  /** The text with its terminator, if it had one. */
  readonly text: string;
}
