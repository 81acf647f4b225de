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
  readonly request: UniversalServerRequest;
  /** False for a request that was answered without any code of ours. */
  reachedHandler(): boolean;
}

/**
 * The body is read without destroying the request when the reader stops early, so that an answer given before the body
 * was read leaves the connection usable.
 */
export function readRequest(request: IncomingMessage, response: ServerResponse): TakenRequest {
  const left = new AbortController();
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
  const universal: UniversalServerRequest = {
    httpVersion: request.httpVersion,
    method: request.method ?? "",
    url: `http://${request.headers.host ?? "localhost"}${request.url ?? "/"}`,
    header: webHeaders(request.headers),
    body: request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>,
    signal: left.signal,
    contextValues,
  };
  return { request: universal, reachedHandler: () => reached };
}

function webHeaders(headers: IncomingHttpHeaders): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) result.append(name, item);
  }
  return result;
}
