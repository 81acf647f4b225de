/** The one listening server of a process: remote procedures, health, figures and the services' own routes on one port. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { type Clock, DataPlaneError, type Logger } from "@flyte-dataplane/core";
import type { Exchange } from "../connect/exchange.ts";
import { Http1Exchange } from "../connect/http1-exchange.ts";
import { Http2Exchange } from "../connect/http2-exchange.ts";
import { createRpcAdapter } from "../connect/rpc-adapter.ts";
import type { MetricsRegistry } from "../lifecycle/metrics.ts";
import { createApp } from "./app.ts";
import type { CallHook } from "./call-hook.ts";
import { type CallLimits, createCallLimits } from "./call-limits.ts";
import { createCallMetrics } from "./call-metrics.ts";
import { createCalls } from "./calls.ts";
import { callerBehind } from "./forwarded-for.ts";
import { createGuard } from "./guard.ts";
import { behindIdentity, type Identity } from "./identity.ts";
import { isLoopback } from "./listen.ts";
import { listenPlaces } from "./listen-places.ts";
import { watchLoopLag } from "./loop-lag.ts";
import type { Service } from "./service.ts";
import { followTlsFiles, readTlsFiles, type TlsFiles, type TlsIdentity } from "./tls.ts";
import { UnderWay } from "./under-way.ts";

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
  /** Serves TLS with these, and with what replaces them; in the clear without. */
  readonly tls?: TlsFiles;
  /** Beside `tls`, answers programs of this machine in the clear on a loopback port of its own (`clearUrl`). */
  readonly clearOnLoopback?: boolean;
  /** See every remote procedure call, besides the figures that each server keeps. */
  readonly callHooks?: readonly CallHook[];
  /** Largest message taken or decompressed, in bytes; default 128 MiB. */
  readonly maxMessageBytes?: number;
  /** What callers may ask for at a time; no limits by default. */
  readonly limits?: CallLimits;
  /** Addresses and ranges of proxies whose `x-forwarded-for` is believed, for the limits; none by default. */
  readonly trustedProxies?: readonly string[];
  /** Who calls, and what they may do; without one everybody may do everything. */
  readonly identity?: Identity;
  /**
   * How long `close` goes on as before while `/readyz` says no, so that who sends callers here can stop doing so;
   * default 0.
   */
  readonly lingerMs?: number;
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
  /** `http://localhost:<port>` where `clearOnLoopback` took effect. */
  readonly clearUrl?: string;
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
  const leaving = new AbortController();
  const closed = new AbortController();
  const { clock, logger, metrics, identity } = options;
  if (identity === undefined && !isLoopback(options.host))
    logger.warn(
      { host: options.host },
      "listening beyond this machine without authentication: whoever reaches this address may run commands here",
    );
  const app = await createApp(options, { leaving: leaving.signal, draining: calls.draining });
  const tables = options.services.flatMap((service) => service.rpc);
  const hooks = [createCallMetrics(metrics, clock)];
  if (options.limits !== undefined) {
    const callerOf = callerBehind(options.trustedProxies ?? []);
    const lag = options.limits.lagMs > 0 ? watchLoopLag(clock, closed.signal) : () => 0;
    hooks.push(createCallLimits({ limits: options.limits, clock, metrics, lag, callerOf }));
  }
  const rpc = createRpcAdapter(
    {
      services: identity === undefined ? tables : behindIdentity(tables, identity),
      maxMessageBytes: options.maxMessageBytes,
      hooks: [...hooks, ...(options.callHooks ?? [])],
      logger,
    },
    calls,
  );
  const guard = createGuard({ hostNames: options.hostNames ?? [], origins: options.origins ?? [] });
  const open = new UnderWay<Exchange>();
  /** False for a request that is left to fastify. */
  const answered = (exchange: Exchange): boolean => {
    const end = calls.begin();
    open.add(exchange);
    exchange.onClose(() => {
      open.delete(exchange);
      end();
    });
    if (calls.draining.aborted) exchange.lastOnConnection();
    return !guard(exchange) || rpc(exchange);
  };
  const { host, port } = options;
  const tls = options.tls === undefined ? undefined : await readTlsFiles(options.tls);
  const listening = await listenPlaces(
    { host, port, tls, clearOnLoopback: options.clearOnLoopback ?? false },
    {
      http1: (request, response) => {
        if (!answered(new Http1Exchange(request, response))) app.routing(request, response);
      },
      http2: (stream, headers) => {
        const exchange = new Http2Exchange(stream, headers);
        if (answered(exchange)) return;
        // Only CONNECT names no path, and nothing here is a proxy.
        if (headers[":path"] === undefined) {
          exchange.head(405, {});
          exchange.end();
          return;
        }
        // Node's compatibility classes have what fastify uses of the HTTP/1.1 ones.
        const request = new Http2ServerRequest(stream, headers, {}, []);
        const response = new Http2ServerResponse(stream);
        for (const [name, value] of Object.entries(exchange.addedHeaders)) response.setHeader(name, value);
        app.routing(request as unknown as IncomingMessage, response as unknown as ServerResponse);
      },
    },
  ).catch((error: unknown) => {
    closed.abort();
    throw error;
  });
  if (options.tls !== undefined && tls !== undefined) {
    const renewed = (next: TlsIdentity): void => listening.renew(next);
    void followTlsFiles({ files: options.tls, current: tls, clock, logger, signal: closed.signal, renewed });
  }

  const within = async (ms: number, done: Promise<void>): Promise<void> => {
    const over = new AbortController();
    const late = options.clock.sleep(ms, { signal: over.signal }).catch(() => undefined);
    await Promise.race([done, late]);
    over.abort();
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    leaving.abort();
    await clock.sleep(options.lingerMs ?? 0);
    // Said in every answer to come, so that no caller sends its next call into a connection that is about to close.
    for (const exchange of open.all()) exchange.lastOnConnection();
    calls.drain(new DataPlaneError("unavailable", "the server is shutting down; call again"));
    closed.abort();
    const gone = listening.close();
    await within(options.drainMs ?? 10_000, calls.idle());
    calls.cut(new DataPlaneError("unavailable", "the server shut down before the call had ended; call again"));
    await within(lastWordsMs, calls.idle());
    // An answer that ended may still be on its way to the system; what is idle is closed, the rest closes by itself.
    listening.closeIdle();
    await within(lastWordsMs, gone);
    listening.destroy();
    await gone;
    await app.close();
  };
  return {
    port: listening.port,
    urls: listening.urls,
    ...(listening.clearUrl !== undefined && { clearUrl: listening.clearUrl }),
    close: () => (closing ??= close()),
  };
}
