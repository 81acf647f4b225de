/** An object whose bytes are on their way. */
export interface OpenedObject {
  /** What to call it in messages. */
  readonly ref: string;
  /** Bytes, where they are known beforehand. */
  readonly size?: number;
  readonly body: AsyncIterable<Uint8Array>;
}
