import type { Socket } from "node:net";
import { DataPlaneError } from "@flyte-dataplane/core";
import { Alarm } from "./alarm.ts";
import { endedEarly } from "./body-framing.ts";
import { atPeer, socketFailure } from "./failures.ts";
import type { Inlet } from "./inlet.ts";
import type { Receiver } from "./receiver.ts";

/** An open socket and who reads from it. It ends once, with one error, and then has no descriptor. */
export class Connection {
  /** `host:port`, for messages. */
  readonly peer: string;
  /** For whoever uses the connection; it ends with it. */
  readonly alarm: Alarm = new Alarm();
  readonly #socket: Socket;
  readonly #inlet: Inlet;
  readonly #idleTimeoutMs: number;
  #ended = false;
  #pendingWrites = 0;

  /** `onClosed` runs once, however the connection ends. */
  constructor(socket: Socket, inlet: Inlet, peer: string, idleTimeoutMs: number, onClosed: () => void) {
    this.peer = peer;
    this.#socket = socket;
    this.#inlet = inlet;
    this.#idleTimeoutMs = idleTimeoutMs;
    socket.once("close", () => {
      this.fail(endedEarly("before the exchange was over"));
      onClosed();
    });
    socket.on("error", (error) => this.#end(socketFailure(peer, error)));
    socket.on("end", () => this.#inlet.receiver.ended());
    socket.on("timeout", () => this.#silence());
    this.watchSilence();
    // Without it the end of the peer's bytes is never told.
    socket.resume();
  }

  /** False once it is closed or about to be. */
  get usable(): boolean {
    return !this.#ended && !this.#socket.destroyed && this.#socket.writable;
  }

  /** The kernel has not taken all yet that it was given. */
  get writing(): boolean {
    return this.#pendingWrites > 0;
  }

  /** What is written is copied into records before the kernel has it. */
  get encrypts(): boolean {
    return "encrypted" in this.#socket;
  }

  /** Hands what is read from now on to `receiver`. Its `room` counts from the next arrival on. */
  set receiver(receiver: Receiver) {
    this.#inlet.receiver = receiver;
  }

  /** Lets the process end although the connection is open, or not. */
  set waitedFor(wanted: boolean) {
    if (wanted) this.#socket.ref();
    else this.#socket.unref();
  }

  /** Reads on after a receiver's `arrived` returned false. */
  resume(): void {
    this.#socket.resume();
  }

  /** The idle time-out runs from now. */
  watchSilence(): void {
    this.#socket.setTimeout(this.#idleTimeoutMs);
  }

  /** Queues text of Latin-1 letters without waiting. */
  send(text: string): void {
    this.#socket.write(text, "latin1");
  }

  /** Resolves once the kernel has all of `pieces`, text of Latin-1 letters or bytes; whoever called may use their memory again. */
  async write(...pieces: readonly (Uint8Array | string)[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const last = pieces.length - 1;
      const settle = (error?: Error | null): void => {
        this.#pendingWrites -= 1;
        if (error) reject(socketFailure(this.peer, error));
        else resolve();
      };
      this.#pendingWrites += 1;
      if (last > 0) this.#socket.cork();
      for (const [index, piece] of pieces.entries()) {
        if (index < last) this.#socket.write(piece, "latin1");
        else this.#socket.write(piece, "latin1", settle);
      }
      if (last > 0) this.#socket.uncork();
    });
  }

  /** Closes the socket and tells the receiver why; without effect after the end. */
  fail(error: DataPlaneError): void {
    this.#end(error.message.startsWith(this.peer) ? error : atPeer(this.peer, error));
  }

  /** Closes the socket without a word. */
  close(): void {
    this.#ended = true;
    this.alarm.end();
    this.#socket.destroy();
  }

  #end(error: DataPlaneError): void {
    if (this.#ended) return;
    this.close();
    this.#inlet.receiver.failed(error);
  }

  #silence(): void {
    if (this.#inlet.receiver.silent()) {
      this.fail(new DataPlaneError("unavailable", `nothing moved for ${this.#idleTimeoutMs} ms`));
    } else {
      this.watchSilence();
    }
  }
}
