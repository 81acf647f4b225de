/** One port on one address or on both loopback families, as one thing to close. */
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import { Http1Request } from "../connect/http1-request.ts";
import { type Connections, type StreamListener, takeBothProtocols } from "./both-protocols.ts";
import type { TlsIdentity } from "./tls.ts";

/** Who takes the requests of either version of HTTP. */
export interface Takers {
  readonly http1: RequestListener;
  readonly http2: StreamListener;
}

export interface Listening {
  readonly port: number;
  readonly urls: readonly string[];
  /** No new connections; resolves when the last one is gone. */
  close(): Promise<void>;
  /** Closes the connections that carry no request. */
  closeIdle(): void;
  /** Closes every connection that is left. */
  destroy(): void;
  /** Shows another certificate to those who connect from now on. */
  renew(identity: TlsIdentity): void;
}

/** Attempts at a port that is free on both families when the first family chose it. */
const attempts = 20;

/** In the clear without `tls`. */
export async function listen(host: string, port: number, takers: Takers, tls?: TlsIdentity): Promise<Listening> {
  const addresses = host === "localhost" ? ["127.0.0.1", "::1"] : [host];
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await listenAll(addresses, port, takers, tls);
    } catch (error) {
      const busy = hasCode(error, "EADDRINUSE");
      if (!(busy && port === 0 && attempt < attempts)) throw refused(host, port, error);
    }
  }
}

async function listenAll(
  addresses: readonly string[],
  wanted: number,
  takers: Takers,
  tls: TlsIdentity | undefined,
): Promise<Listening> {
  const servers: HttpServer[] = [];
  const connections: Connections[] = [];
  const urls: string[] = [];
  let port = wanted;
  try {
    for (const address of addresses) {
      const server = httpServer(takers.http1, tls);
      connections.push(takeBothProtocols(server, tls !== undefined, takers.http2));
      try {
        port = await listenOne(server, address, port);
      } catch (error) {
        // A machine without IPv6 (or without IPv4) still has the other family.
        if (addresses.length > 1 && (hasCode(error, "EADDRNOTAVAIL") || hasCode(error, "EAFNOSUPPORT"))) continue;
        throw error;
      }
      servers.push(server);
      urls.push(
        `${tls === undefined ? "http" : "https"}://${address.includes(":") ? `[${address}]` : address}:${port}`,
      );
    }
    if (servers.length === 0) throw new DataPlaneError("unavailable", "listen: this machine has no loopback address");
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return {
    port,
    urls,
    close: async () => {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const each of connections) each.close();
      await Promise.all(closed);
    },
    closeIdle: () => {
      for (const server of servers) server.closeIdleConnections();
    },
    destroy: () => {
      for (const each of connections) each.destroy();
    },
    renew: (identity) => {
      for (const server of servers)
        if ("setSecureContext" in server) (server as HttpsServer).setSecureContext(identity);
    },
  };
}

function httpServer(listener: RequestListener, tls: TlsIdentity | undefined): HttpServer {
  return tls === undefined
    ? createHttpServer(settings, listener)
    : createHttpsServer({ ...settings, ...tls, ALPNProtocols: ["h2", "http/1.1"], handshakeTimeout: 10_000 }, listener);
}

const settings = {
  IncomingMessage: Http1Request,
  // Clients keep connections for up to 90 s; ours must not be the side that closes first, under a request.
  keepAliveTimeout: 120_000,
  headersTimeout: 125_000,
  // A stream of requests or an upload may take as long as it takes; each call has its own deadline.
  requestTimeout: 0,
  noDelay: true,
};

function listenOne(server: HttpServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: host.includes(":") && host !== "::" }, () => {
      server.off("error", reject);
      // A TCP server's address is never a path.
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function refused(host: string, port: number, error: unknown): DataPlaneError {
  if (error instanceof DataPlaneError) return error;
  const known: readonly (readonly [string, ErrorCode, string])[] = [
    ["EADDRINUSE", "already_exists", "the port is in use; choose another with --port, or 0 for any that is free"],
    ["EACCES", "permission_denied", "this user may not listen there; choose a port above 1023"],
    ["EADDRNOTAVAIL", "invalid_argument", "this machine does not have that address"],
    ["ENOTFOUND", "invalid_argument", "no such host"],
  ];
  const row = known.find(([code]) => hasCode(error, code));
  return new DataPlaneError(row?.[1] ?? "internal", `listen ${host}:${port}: ${row?.[2] ?? "the system refused"}`, {
    cause: error,
  });
}

/** Whether only this machine reaches a server that listens on `host`. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}
