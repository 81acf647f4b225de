/**
 * Who may talk to us at all. The server runs commands for whoever reaches it, and a web page reaches what its reader's
 * machine reaches: so a Host that is not ours (DNS rebinding) and an Origin not allowed are refused before anything
 * else looks at the request, preflighted or not.
 */
import type { IncomingHttpHeaders } from "node:http";
import { type Exchange, hostOf } from "../connect/exchange.ts";

export interface GuardOptions {
  readonly hostNames: readonly string[];
  readonly origins: readonly string[];
}

/** True when the request may go on; else it has been answered. */
export type Guard = (exchange: Exchange) => boolean;

export function createGuard(options: GuardOptions): Guard {
  const names = new Set([...loopbackNames, ...options.hostNames.map((name) => name.toLowerCase())]);
  const origins = new Set(options.origins.map((origin) => origin.toLowerCase()));
  let lastOfOurs: string | undefined;
  return (exchange) => {
    const { headers } = exchange;
    const asked = hostOf(headers) ?? "";
    // One caller after the other asks for the same.
    if (asked !== lastOfOurs) {
      const host = hostName(asked);
      if (host !== undefined && (names.has("*") || names.has(host))) lastOfOurs = asked;
      else return refuse(exchange, `host "${asked}" is not one of this server's names; add it to server.hostNames`);
    }
    const { origin } = headers;
    if (origin === undefined) return true;
    if (!origins.has(origin.toLowerCase()))
      return refuse(exchange, `origin "${origin}" is not allowed; add it to server.origins`);
    exchange.addHeaders({
      "access-control-allow-origin": origin,
      "access-control-expose-headers": exposedHeaders,
      vary: "origin",
    });
    if (exchange.method !== "OPTIONS") return true;
    exchange.head(204, {
      "access-control-allow-methods": "GET, POST, PUT, OPTIONS",
      "access-control-allow-headers": allowedHeaders(headers),
      "access-control-max-age": "7200",
    });
    exchange.end();
    return false;
  };
}

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];
const exposedHeaders =
  "grpc-status, grpc-message, grpc-status-details-bin, content-encoding, connect-content-encoding, retry-after, x-request-id";

/** The name in a Host header, lower case, without port and final dot; undefined where the header is no such thing. */
function hostName(header: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:/?#@\s[\]]+)(?::\d{1,5})?$/i.exec(header);
  return match?.[1]?.toLowerCase().replace(/\.$/, "");
}

/** Whatever an allowed page asks for, provided it is a list of header names. */
function allowedHeaders(headers: IncomingHttpHeaders): string {
  const asked = headers["access-control-request-headers"];
  return asked !== undefined && /^[\w, -]*$/.test(asked) ? asked : "content-type";
}

function refuse(exchange: Exchange, why: string): false {
  // The body is not read, so the connection cannot carry another request.
  exchange.lastOnConnection();
  exchange.head(403, {
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
  });
  exchange.end(Buffer.from(`${why}\n`));
  exchange.body.resume();
  return false;
}
