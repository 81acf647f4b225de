import type { DataPlaneError } from "@flyte-dataplane/core";

/** Whoever takes what a connection reads. A connection has one at a time. */
export interface Receiver {
  /** Where the next read goes; it stays lent to the socket until something arrives. Never empty. */
  room(): Uint8Array;
  /** `bytes` came, and stay as they are only during the call; false stops the reading until `Connection.resume`. */
  arrived(bytes: Uint8Array): boolean;
  /** The peer sends no more. */
  ended(): void;
  /** The connection is gone; nothing follows. */
  failed(error: DataPlaneError): void;
  /** True if the silence of a whole idle time-out is a failure now. */
  silent(): boolean;
}
