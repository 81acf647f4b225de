import type { Connection } from "./connection.ts";
import { sharedRoom } from "./memory.ts";
import type { Receiver } from "./receiver.ts";

/** A connection nobody uses: whatever comes over it now, nobody asked for, so it ends with that, or when its time is up. */
export class Idle implements Receiver {
  readonly connection: Connection;
  readonly #keepMs: number;
  #resting = false;

  constructor(connection: Connection, keepMs: number) {
    this.connection = connection;
    this.#keepMs = keepMs;
    connection.receiver = this;
  }

  /** Nobody took it at once, as most are: from now on its time runs, and it is no reason for the process to stay. */
  rest(): void {
    if (this.#resting) return;
    this.#resting = true;
    this.connection.waitedFor = false;
    this.connection.alarm.set(this.#keepMs, () => this.connection.close());
  }

  /** Back into use; false if it has ended meanwhile. It stays the receiver until the next exchange begins. */
  take(): boolean {
    if (!this.connection.usable) return false;
    if (!this.#resting) return true;
    this.connection.alarm.stop();
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
    // The pool hears of it from the connection.
  }

  silent(): boolean {
    return false;
  }
}
