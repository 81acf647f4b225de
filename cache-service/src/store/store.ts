/**
 * The rows behind the cache: outputs by key, and reservations that say who may compute an absent one. Every call is atomic on
 * its own; two processes on one store never both win. Rejections are the store's own (`unavailable`, `canceled`, `internal`).
 */
export interface CacheStore {
  /** The outputs under those of `keys` that exist. */
  outputs(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, StoredOutput>>;

  /**
   * Shows `decide` what is under `key` and writes what it answers; nothing is written for `undefined`. No other writer comes between
   * the two; `decide` may be asked again. Resolves with whether something was written.
   */
  replaceOutput(
    key: string,
    decide: (existing: StoredOutput | undefined) => OutputWrite | undefined,
    signal: AbortSignal,
  ): Promise<boolean>;

  /** Resolves with whether there was one. */
  deleteOutput(key: string, signal: AbortSignal): Promise<boolean>;

  /**
   * Takes the reservation under `wanted.key` for `wanted.ownerId`, or extends it, if it is free, expired at `now`, or the owner's already.
   * Resolves with the reservation in force afterwards: the wanted one or another owner's.
   */
  acquireReservation(wanted: StoredReservation, now: number, signal: AbortSignal): Promise<StoredReservation>;

  /** Ends the reservation if `ownerId` holds it; otherwise nothing happens. */
  releaseReservation(key: string, ownerId: string, signal: AbortSignal): Promise<void>;
}

export interface OutputWrite {
  readonly uri: string;
  /** Encoded `cacheservice.Metadata`. */
  readonly metadata: Uint8Array;
  /** Milliseconds since the Unix epoch. */
  readonly lastUpdated: number;
}

export interface StoredOutput {
  readonly uri: string;
  /** Encoded `cacheservice.Metadata`; null in rows that never had one. */
  readonly metadata: Uint8Array | null;
  readonly lastUpdated: number;
}

export interface StoredReservation {
  readonly key: string;
  readonly ownerId: string;
  /** Whole seconds, as the column holds them. */
  readonly heartbeatSeconds: number;
  /** Milliseconds since the Unix epoch; claimable from this moment on. */
  readonly expiresAt: number;
}
