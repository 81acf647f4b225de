/**
 * Who may talk to us at all. The server runs commands for whoever reaches it, and a web page reaches what its reader's
 * machine reaches: so a Host that is not ours (DNS rebinding) and an Origin not allowed are refused before anything
 * else looks at the request, preflighted or not.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { hostOf } from "./http-request.ts";
import { lastOnConnection } from "./http-response.ts";

export interface GuardOptions {
  readonly hostNames: readonly string[];
  readonly origins: readonly string[];
}

/** True when the request may go on; else it has been answered. */
export type Guard = (request: IncomingMessage, response: ServerResponse) => boolean;

export function createGuard(options: GuardOptions): Guard {
  const names = new Set([...loopbackNames, ...options.hostNames.map((name) => name.toLowerCase())]);
  const origins = new Set(options.origins.map((origin) => origin.toLowerCase()));
  return (request, response) => {
    const host = hostName(hostOf(request));
    if (host === undefined || !(names.has("*") || names.has(host))) {
      return refuse(
        request,
        response,
        `host "${hostOf(request) ?? ""}" is not one of this server's names; add it to server.hostNames`,
      );
    }
    const origin = request.headers.origin;
    if (origin === undefined) return true;
    if (!origins.has(origin.toLowerCase())) {
      return refuse(request, response, `origin "${origin}" is not allowed; add it to server.origins`);
    }
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("access-control-expose-headers", exposedHeaders);
    response.setHeader("vary", "origin");
    if (request.method !== "OPTIONS") return true;
    response.setHeader("access-control-allow-methods", "GET, POST, PUT, OPTIONS");
    response.setHeader("access-control-allow-headers", allowedHeaders(request));
    response.setHeader("access-control-max-age", "7200");
    response.writeHead(204).end();
    return false;
  };
}

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];
const exposedHeaders = "grpc-status, grpc-message, grpc-status-details-bin, content-encoding, connect-content-encoding";

/** The name in a Host header, lower case, without port and final dot; undefined where the header is no such thing. */
function hostName(header: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:/?#@\s[\]]+)(?::\d{1,5})?$/i.exec(header ?? "");
  return match?.[1]?.toLowerCase().replace(/\.$/, "");
}

/** Whatever an allowed page asks for, provided it is a list of header names. */
function allowedHeaders(request: IncomingMessage): string {
  const asked = request.headers["access-control-request-headers"];
  return asked !== undefined && /^[\w, -]*$/.test(asked) ? asked : "content-type";
}

function refuse(request: IncomingMessage, response: ServerResponse, why: string): false {
  // The body is not read, so the connection cannot carry another request.
  lastOnConnection(request, response);
  response.writeHead(403, {
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
  });
  response.end(`${why}\n`);
  request.resume();
  return false;
}
