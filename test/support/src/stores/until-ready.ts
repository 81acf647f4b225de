import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { PeerProcess } from "./peer-process.ts";

const everyMs = 25;

/** A port of the loopback that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Resolves once `isReady` does to true. Rejects with the server's own words when it ends first, or after `limitMs`
 * (60,000 by default).
 */
export async function untilReady(
  server: PeerProcess,
  isReady: () => Promise<boolean>,
  limitMs = 60_000,
): Promise<void> {
  const giveUp = performance.now() + limitMs;
  const asking = async (): Promise<void> => {
    // Nobody listens yet: as unready as an answer that says so.
    while (!(await isReady().catch(() => false))) {
      if (performance.now() > giveUp) throw new Error(`not ready after ${limitMs} ms:\n${server.said()}`);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  };
  await Promise.race([asking(), server.ended]);
}
