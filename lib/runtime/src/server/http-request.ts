/** A Node request as connect-es' handlers take it. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type ContextKey, createContextKey, createContextValues } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { writeHead } from "./http-response.ts";

/** What a stream's handler calls when its response headers may go out, before it has a message. */
export const startStream: ContextKey<(header: Headers) => void> = createContextKey<(header: Headers) => void>(
  () => undefined,
);

/** What every handler calls first. */
export const reachedHandler: ContextKey<() => void> = createContextKey<() => void>(() => undefined);

export interface TakenRequest {
  /** Without a body; that stands beside it. */
  readonly request: Omit<UniversalServerRequest, "body">;
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborts when the caller left before the answer was complete. */
  readonly left: AbortSignal;
  /** False for a request that was answered without any code of ours. */
  reachedHandler(): boolean;
}

/**
 * The body is read without destroying the request when the reader stops early, so that an answer given before the body
 * was read leaves the connection usable.
 */
export function readRequest(request: IncomingMessage, response: ServerResponse): TakenRequest {
  const left = new AbortController();
  // HTTP/2 says finished of a stream that its caller reset; there the request tells.
  if (request.httpVersionMajor >= 2) request.once("aborted", () => left.abort());
  response.once("close", () => {
    if (!response.writableFinished) left.abort();
  });
  let reached = false;
  const contextValues = createContextValues()
    .set(reachedHandler, () => {
      reached = true;
    })
    .set(startStream, (header) => {
      if (response.headersSent || response.destroyed) return;
      writeHead(response, 200, header);
      response.flushHeaders();
    });
  const universal: TakenRequest["request"] = {
    httpVersion: request.httpVersion,
    method: request.method ?? "",
    url: `http://${hostOf(request) ?? "localhost"}${request.url ?? "/"}`,
    header: webHeaders(request.headers, hostOf(request)),
    signal: left.signal,
    contextValues,
  };
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  return { request: universal, body, left: left.signal, reachedHandler: () => reached };
}

/** The Host header, or what HTTP/2 has in its place. */
export function hostOf(request: IncomingMessage): string | undefined {
  const authority = request.headers[":authority"];
  return request.headers.host ?? (typeof authority === "string" ? authority : undefined);
}

/** HTTP/2 names the host outside of its headers; handlers find it where HTTP/1.1 has it. */
function webHeaders(headers: IncomingHttpHeaders, host: string | undefined): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) result.append(name, item);
  }
  if (host !== undefined) result.set("host", host);
  return result;
}
