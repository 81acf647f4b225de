import type { Socket } from "node:net";
import type { DataPlaneError } from "@flyte-dataplane/core";
import { sharedRoom } from "./memory.ts";
import type { Receiver } from "./receiver.ts";

/** What a socket is made with so that it reads straight into the memory of the receiver of the moment. */
export interface OnRead {
  readonly buffer: () => Uint8Array;
  readonly callback: (count: number, buffer: Uint8Array) => boolean;
}

/** The way from a socket to its receiver; the socket has to know it before it is connected. */
export class Inlet {
  receiver: Receiver = nobody;
  readonly onread: OnRead = {
    buffer: () => this.receiver.room(),
    callback: (count, buffer) => this.receiver.arrived(buffer.subarray(0, count)),
  };

  /** For a socket that cannot be made so, TLS over another socket: the runtime reads, and the receiver copies. */
  follow(socket: Socket): void {
    socket.on("data", (bytes: Uint8Array) => {
      if (!this.receiver.arrived(bytes)) socket.pause();
    });
  }
}

/** Until there is a connection nothing can arrive that anybody asked for. */
const nobody: Receiver = {
  room: () => sharedRoom,
  arrived: () => false,
  ended: () => undefined,
  failed: (_error: DataPlaneError) => undefined,
  silent: () => false,
};
