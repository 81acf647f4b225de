import type { Connection } from "./connection.ts";
import { sharedRoom } from "./memory.ts";
import type { Receiver } from "./receiver.ts";

/** A connection nobody uses: whatever comes over it now, nobody asked for, so it ends with that, or when its time is up. */
export class Idle implements Receiver {
  readonly connection: Connection;
  readonly #timer: NodeJS.Timeout;

  constructor(connection: Connection, keepMs: number) {
    this.connection = connection;
    connection.receiver = this;
    // An idle connection is no reason for the process to stay.
    connection.waitedFor = false;
    this.#timer = setTimeout(() => connection.close(), keepMs).unref();
  }

  /** Back into use; false if it has ended meanwhile. It stays the receiver until the next exchange begins. */
  take(): boolean {
    clearTimeout(this.#timer);
    if (!this.connection.usable) return false;
    this.connection.waitedFor = true;
    return true;
  }

  room(): Uint8Array {
    return sharedRoom;
  }

  arrived(): boolean {
    this.connection.close();
    return false;
  }

  ended(): void {
    this.connection.close();
  }

  failed(): void {
    clearTimeout(this.#timer);
  }

  silent(): boolean {
    return false;
  }
}
