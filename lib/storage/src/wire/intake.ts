import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { BodyFraming } from "./body-framing.ts";
import { returnBlock, sharedRoom, takeBlock } from "./memory.ts";
import type { Receiver } from "./receiver.ts";
import { lowRoomBytes, Ring } from "./ring.ts";

/** What a body needs of the connection it comes from. */
export interface BodySupply {
  resume(): void;
  watchSilence(): void;
  fail(error: DataPlaneError): void;
  /** The body is complete, though perhaps not yet taken; the connection is free for other uses. */
  complete(surplus: boolean): void;
  /** More came after that. */
  overrun(): void;
}

/** A body on its way from a connection to whoever takes it: bounded memory in between, and reading stops while it is full. */
export class Intake implements Receiver {
  readonly #framing: BodyFraming;
  readonly #supply: BodySupply;
  #block: Uint8Array | undefined;
  #ring: Ring | undefined;
  /** What found no room: TLS may hand out a record or two after it was told to stop. Younger than all that is in the ring. */
  #spilled: Uint8Array[] = [];
  #lent = 0;
  #paused = false;
  #waiting = false;
  #complete = false;
  #failure: DataPlaneError | undefined;
  #onNews: () => void = () => undefined;

  constructor(framing: BodyFraming, supply: BodySupply) {
    this.#framing = framing;
    this.#supply = supply;
  }

  /** Takes what came together with the head; the intake may be complete with that. Throws as framing does. */
  begin(bytes: Uint8Array): boolean {
    return this.#framing.done && bytes.byteLength === 0 ? this.#finish() : this.arrived(bytes);
  }

  /** Nothing more will come; what came may still have to be taken. */
  get over(): boolean {
    return this.#complete || this.#failure !== undefined;
  }

  room(): Uint8Array {
    if (this.over) return sharedRoom;
    const room = this.#spilled.length > 0 ? undefined : this.#storage().room();
    return room === undefined || room.byteLength === 0 ? Buffer.allocUnsafeSlow(lowRoomBytes / 2) : room;
  }

  arrived(bytes: Uint8Array): boolean {
    if (this.over) {
      this.#supply.overrun();
      return false;
    }
    try {
      this.#keep(bytes, this.#framing.decode(bytes));
    } catch (error) {
      this.#supply.fail(error as DataPlaneError);
      return false;
    }
    if (this.#framing.done) return this.#finish();
    this.#paused = this.#spilled.length > 0 || this.#storage().free < lowRoomBytes;
    this.#onNews();
    return !this.#paused;
  }

  ended(): void {
    try {
      this.#framing.end();
      if (!this.#complete) this.#finish();
    } catch (error) {
      this.#supply.fail(error as DataPlaneError);
    }
  }

  failed(error: DataPlaneError): void {
    if (this.over) return;
    this.#failure = error;
    this.#onNews();
  }

  silent(): boolean {
    return this.#waiting;
  }

  /** Gives up on the body, whatever has come of it; the connection closes. */
  abandon(error: DataPlaneError): void {
    this.#failure = error;
    this.#complete = false;
    // The socket may still read into the block, so it is not used again.
    this.#block = undefined;
    this.#ring = undefined;
    this.#spilled = [];
    this.#supply.fail(error);
    this.#onNews();
  }

  /** Calls `listener` whenever there is more to take, or nothing will be; once at the start. */
  onNews(listener: () => void): void {
    this.#onNews = listener;
    this.#waiting = true;
    this.#supply.watchSilence();
    listener();
  }

  /**
   * The oldest bytes nobody has taken, as many as lie together, valid until `give` or `next`; empty if there are none
   * yet, undefined after the last. Throws what broke the body off once all that came before is taken.
   */
  look(): Uint8Array | undefined {
    const [spilled] = this.#spilled;
    const chunk = this.#ring === undefined || this.#ring.isEmpty ? spilled : this.#ring.readable();
    if (chunk !== undefined) return chunk;
    if (this.#failure !== undefined) throw this.#failure;
    return this.#complete ? undefined : none;
  }

  /** Takes the first `count` bytes of `look()` away. */
  give(count: number): void {
    if (this.#ring !== undefined && !this.#ring.isEmpty) this.#ring.emptied(count);
    else if (count > 0) this.#spilled.shift();
    const empty = this.#spilled.length === 0 && (this.#ring === undefined || this.#ring.isEmpty);
    if (empty && this.#complete) this.#freeBlock();
    if (this.#paused && !this.over && this.#hasRoom()) {
      this.#paused = false;
      this.#supply.resume();
    }
  }

  /** The next chunk, of at least `atLeast` bytes where that is possible; it is valid until the next call. */
  async next(atLeast: number): Promise<Uint8Array | undefined> {
    if (this.#lent > 0) this.give(this.#lent);
    this.#lent = 0;
    if (!this.#ready(atLeast)) {
      this.#supply.watchSilence();
      this.#waiting = true;
      await new Promise<void>((resolve) => {
        this.#onNews = () => {
          if (this.#ready(atLeast)) resolve();
        };
      });
      this.#onNews = () => undefined;
      this.#waiting = false;
    }
    const chunk = this.look();
    this.#lent = chunk?.byteLength ?? 0;
    return chunk;
  }

  #ready(atLeast: number): boolean {
    if (this.over || this.#spilled.length > 0 || this.#ring?.wrapped === true) return true;
    const there = this.#ring?.readable().byteLength ?? 0;
    return there >= atLeast || this.#paused;
  }

  /**
   * Whether reading on is worth it. First what had spilled comes into the ring: while some of it is left all that arrives has
   * to go behind it, in memory of its own, and that must not become the usual way.
   */
  #hasRoom(): boolean {
    for (let [oldest] = this.#spilled; oldest !== undefined; [oldest] = this.#spilled) {
      const room = this.#storage().room();
      if (room.byteLength < oldest.byteLength) return false;
      room.set(oldest);
      this.#storage().filled(room, oldest.byteLength);
      this.#spilled.shift();
    }
    return this.#storage().free >= lowRoomBytes;
  }

  #finish(): boolean {
    this.#complete = true;
    // The end itself may have spilled: the connection would stay deaf for whoever uses it next.
    if (this.#paused) this.#supply.resume();
    this.#paused = false;
    this.#supply.complete(this.#framing.surplus);
    this.#onNews();
    return true;
  }

  #keep(bytes: Uint8Array, count: number): void {
    if (count === 0) return;
    if (this.#ring?.holds(bytes) === true) {
      this.#ring.filled(bytes, count);
      return;
    }
    const room =
      this.#spilled.length > 0 || (this.#framing.done && count <= smallBytes) ? none : this.#storage().room();
    if (count <= room.byteLength) {
      room.set(bytes.subarray(0, count));
      this.#storage().filled(room, count);
    } else {
      this.#spilled.push(new Uint8Array(bytes.subarray(0, count)));
    }
  }

  #storage(): Ring {
    this.#block ??= takeBlock();
    this.#ring ??= new Ring(this.#block);
    return this.#ring;
  }

  #freeBlock(): void {
    if (this.#block === undefined) return;
    returnBlock(this.#block);
    this.#block = undefined;
    this.#ring = undefined;
  }
}

/** A complete body of this size is copied to memory of its own: a block would be wasted on it. */
const smallBytes = 4 * 1024;
const none = new Uint8Array(0);
