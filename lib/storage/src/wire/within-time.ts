import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import { abortError, DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../abortable.ts";

export interface TimeLimit {
  readonly peer: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs `open`, which tells every socket it makes to `hold`. When it fails, takes too long (`unavailable`) or `signal` aborts,
 * all of them are closed and the promise settles at once, whatever `open` still waits for.
 */
export async function withinTime<T>(
  { peer, timeoutMs, signal }: TimeLimit,
  open: (hold: (socket: Socket) => void) => Promise<T>,
): Promise<T> {
  throwIfAborted(signal);
  const sockets: Socket[] = [];
  const limit = new AbortController();
  const onAbort = (): void => limit.abort(signal === undefined ? undefined : abortError(signal));
  const timer = setTimeout(() => {
    limit.abort(new DataPlaneError("unavailable", `${peer}: no connection within ${timeoutMs} ms`));
  }, timeoutMs);
  if (signal !== undefined) setMaxListeners(0, signal);
  signal?.addEventListener("abort", onAbort, { once: true });
  const ended = new Promise<never>((_resolve, reject) => {
    limit.signal.addEventListener("abort", () => reject(limit.signal.reason as DataPlaneError), { once: true });
  });
  try {
    const opening = open((socket) => {
      sockets.push(socket);
      if (limit.signal.aborted) socket.destroy();
    });
    return await Promise.race([opening, ended]);
  } catch (error) {
    limit.abort(error);
    for (const socket of sockets) socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
