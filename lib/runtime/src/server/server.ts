/** The one listening server of a process: remote procedures, health, figures and the services' own routes on one port. */
import { type Clock, DataPlaneError, type Logger } from "@flyte-dataplane/core";
import type { MetricsRegistry } from "../lifecycle/metrics.ts";
import { createApp } from "./app.ts";
import { createCalls } from "./calls.ts";
import { createGuard } from "./guard.ts";
import { lastOnConnection } from "./http-response.ts";
import { listen } from "./listen.ts";
import { createRpcListener } from "./rpc-listener.ts";
import type { Service } from "./service.ts";

export interface ServerOptions {
  readonly services: readonly Service[];
  /** `localhost` listens on both loopback families; else one address or name. */
  readonly host: string;
  /** 0 picks one that is free on every address listened on. */
  readonly port: number;
  /** Names and addresses besides the loopback ones that a Host header may carry; `*` admits every one. */
  readonly hostNames?: readonly string[];
  /** Pages that may call us, as `scheme://host[:port]`; none by default, so that no foreign page can. */
  readonly origins?: readonly string[];
  /** Largest message taken or decompressed, in bytes; default 128 MiB. */
  readonly maxMessageBytes?: number;
  /** How long `close` lets unary calls finish; default 10 s. Streams end at once, with `unavailable`. */
  readonly drainMs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

export interface Server {
  readonly port: number;
  /** One per address listened on: `http://127.0.0.1:30080`, `http://[::1]:30080`. */
  readonly urls: readonly string[];
  /** Not ready, then no new connections, streams ended, unary calls finished or cut, sockets closed. Safe to call twice. */
  close(): Promise<void>;
}

/** What calls that were cut have to write their answer. */
const lastWordsMs = 1000;

/**
 * Listens and answers. Rejects with `already_exists` when the port is taken, `permission_denied` when it may not be
 * used, `invalid_argument` for a host this machine does not have.
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const calls = createCalls();
  const app = await createApp(options, calls.draining);
  const rpc = createRpcListener(options, calls);
  const guard = createGuard({ hostNames: options.hostNames ?? [], origins: options.origins ?? [] });
  const listening = await listen(options.host, options.port, (request, response) => {
    const end = calls.begin();
    response.once("close", end);
    if (calls.draining.aborted) lastOnConnection(request, response);
    if (!guard(request, response)) return;
    if (!rpc(request, response)) app.routing(request, response);
  });

  const idleWithin = async (ms: number): Promise<void> => {
    const idle = new AbortController();
    const late = options.clock.sleep(ms, { signal: idle.signal }).catch(() => undefined);
    await Promise.race([calls.idle(), late]);
    idle.abort();
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    calls.drain(new DataPlaneError("unavailable", "the server is shutting down; call again"));
    const closed = listening.close();
    await idleWithin(options.drainMs ?? 10_000);
    calls.cut(new DataPlaneError("unavailable", "the server shut down before the call had ended; call again"));
    await idleWithin(lastWordsMs);
    listening.destroy();
    await closed;
    await app.close();
  };
  return {
    port: listening.port,
    urls: listening.urls,
    close: () => (closing ??= close()),
  };
}
