import { listen } from "./listen.ts";

/**
 * Rejects, as `createServer` would later, when nothing can listen there now: to be asked before a long start. A port of 0
 * is always free.
 */
export async function requireFreePort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const probe = await listen(host, port, { http1: () => undefined, http2: () => undefined });
  await probe.close();
}
