/** One port on one address or on both loopback families, as one thing to close. */
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import { type Connections, takeBothProtocols } from "./both-protocols.ts";

export interface Listening {
  readonly port: number;
  readonly urls: readonly string[];
  /** No new connections; resolves when the last one is gone. */
  close(): Promise<void>;
  /** Closes every connection that is left. */
  destroy(): void;
}

/** Attempts at a port that is free on both families when the first family chose it. */
const attempts = 20;

export async function listen(host: string, port: number, listener: RequestListener): Promise<Listening> {
  const addresses = host === "localhost" ? ["127.0.0.1", "::1"] : [host];
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await listenAll(addresses, port, listener);
    } catch (error) {
      const busy = hasCode(error, "EADDRINUSE");
      if (!(busy && port === 0 && attempt < attempts)) throw refused(host, port, error);
    }
  }
}

async function listenAll(addresses: readonly string[], wanted: number, listener: RequestListener): Promise<Listening> {
  const servers: HttpServer[] = [];
  const connections: Connections[] = [];
  const urls: string[] = [];
  let port = wanted;
  try {
    for (const address of addresses) {
      const server = httpServer(listener);
      connections.push(takeBothProtocols(server, listener));
      try {
        port = await listenOne(server, address, port);
      } catch (error) {
        // A machine without IPv6 (or without IPv4) still has the other family.
        if (addresses.length > 1 && (hasCode(error, "EADDRNOTAVAIL") || hasCode(error, "EAFNOSUPPORT"))) continue;
        throw error;
      }
      servers.push(server);
      urls.push(`http://${address.includes(":") ? `[${address}]` : address}:${port}`);
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
    destroy: () => {
      for (const each of connections) each.destroy();
    },
  };
}

function httpServer(listener: RequestListener): HttpServer {
  return createHttpServer(
    {
      // Clients keep connections for up to 90 s; ours must not be the side that closes first, under a request.
      keepAliveTimeout: 120_000,
      headersTimeout: 125_000,
      // A stream of requests or an upload may take as long as it takes; each call has its own deadline.
      requestTimeout: 0,
      noDelay: true,
    },
    listener,
  );
}

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
