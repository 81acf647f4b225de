import type { Socket } from "node:net";
import { DataPlaneError } from "@flyte-dataplane/core";
import { atPeer, malformed, socketFailure } from "./failures.ts";
import { FinalHead } from "./final-head.ts";
import type { Proxy } from "./proxy.ts";
import { formatRequestHead } from "./request-head.ts";

/** Has the proxy at the other end of `socket` connect to `target` (`host:port`); from then on the bytes are the target's. */
export async function openTunnel(socket: Socket, proxy: Proxy, target: string): Promise<void> {
  const { authorization } = proxy;
  socket.write(
    formatRequestHead({
      method: "CONNECT",
      target,
      hostField: target,
      headers: authorization === undefined ? {} : { "proxy-authorization": authorization },
      bodyLength: undefined,
    }),
    "latin1",
  );
  try {
    checkStatus(await readStatus(socket, proxy), target);
  } catch (error) {
    throw error instanceof DataPlaneError ? atPeer(proxy.peer, error) : error;
  }
}

function readStatus(socket: Socket, proxy: Proxy): Promise<number> {
  const heads = new FinalHead();
  return new Promise((resolve, reject) => {
    socket.on("error", (error) => reject(socketFailure(proxy.peer, error)));
    socket.once("close", () => reject(new DataPlaneError("unavailable", "the proxy closed the connection")));
    socket.once("end", () => reject(new DataPlaneError("unavailable", "the proxy closed the connection")));
    const onData = (bytes: Uint8Array): void => {
      try {
        const taken = heads.push(bytes);
        if (heads.head === undefined) return;
        // The target of a TLS tunnel never speaks first; bytes of the proxy's own would be taken for the target's.
        if (heads.head.status < 300 && taken < bytes.byteLength) throw malformed("bytes before the tunnel was used");
        socket.off("data", onData);
        socket.pause();
        resolve(heads.head.status);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    socket.on("data", onData);
  });
}

function checkStatus(status: number, target: string): void {
  if (status < 300) return;
  if (status === 407)
    throw new DataPlaneError("failed_precondition", "the proxy wants credentials; put them into its URL");
  if (status === 403) throw new DataPlaneError("failed_precondition", `the proxy does not allow "${target}"`);
  throw new DataPlaneError("unavailable", `the proxy answered ${status} when asked for "${target}"`);
}
