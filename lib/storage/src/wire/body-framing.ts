import { DataPlaneError } from "@flyte-dataplane/core";

/**
 * Finds a body in the bytes that follow a head. Decoding happens in place: the payload moves to the front of the chunk,
 * over the framing, so that nothing is copied twice.
 */
export interface BodyFraming {
  /** Bytes of payload the head announced, where it did. */
  readonly length: number | undefined;
  /** The body is complete. */
  readonly done: boolean;
  /** Bytes came after its end: nobody asked for them, so the connection must not serve another request. */
  readonly surplus: boolean;
  /** Takes a chunk; returns how many bytes of payload now stand at its front. Throws `unavailable`. */
  decode(bytes: Uint8Array): number;
  /** The peer sends no more: the end of a body without other framing, else throws `unavailable`. */
  end(): void;
}

/** A body of `size` bytes; `announced` is what its head said, which differs where there is no body to a length. */
export class SizedBody implements BodyFraming {
  readonly length: number | undefined;
  #left: number;
  surplus = false;

  constructor(size: number, announced: number | undefined) {
    this.#left = size;
    this.length = announced;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  decode(bytes: Uint8Array): number {
    const taken = Math.min(bytes.byteLength, this.#left);
    this.#left -= taken;
    if (taken < bytes.byteLength) this.surplus = true;
    return taken;
  }

  end(): void {
    if (!this.done) throw endedEarly(`${this.#left} bytes before the body did`);
  }
}

/** A body that ends with its connection. */
export class UnsizedBody implements BodyFraming {
  readonly length: number | undefined = undefined;
  readonly surplus = false;
  done = false;

  decode(bytes: Uint8Array): number {
    return bytes.byteLength;
  }

  end(): void {
    this.done = true;
  }
}

/** The peer hung up within a body: another attempt may get the rest. */
export function endedEarly(when: string): DataPlaneError {
  return new DataPlaneError("unavailable", `the connection ended ${when}`);
}
