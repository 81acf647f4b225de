import { once } from "node:events";
import type { Socket } from "node:net";

/** Resolves once the socket takes more; rejects when it has ended. */
export async function send(socket: Socket, bytes: Uint8Array): Promise<void> {
  if (!socket.writable) throw new Error("the other side has ended");
  if (socket.write(bytes)) return;
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    await Promise.race([
      once(socket, "drain", { signal }),
      once(socket, "close", { signal }).then(() => Promise.reject(new Error("the other side has ended"))),
    ]);
  } finally {
    waiting.abort();
  }
}
