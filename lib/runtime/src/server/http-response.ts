/** Answers of connect-es' handlers, and our own, written to a Node response. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";

/** What is read of a body that nobody wanted before the connection is given up instead. */
const unreadBytes = 16 * 1024 * 1024;

/** Writes head, body and trailers; resolves when everything was handed to the system. Rejects when the caller left. */
export async function writeResponse(
  request: IncomingMessage,
  response: ServerResponse,
  answer: UniversalServerResponse,
  left: AbortSignal,
): Promise<void> {
  if (!response.headersSent) {
    await readRest(request, response);
    writeHead(response, answer.status, answer.header ?? new Headers());
  }
  for await (const chunk of answer.body ?? []) {
    if (left.aborted) return;
    if (!response.write(chunk)) await drained(response, left);
  }
  if (answer.trailer !== undefined) response.addTrailers(Object.fromEntries(answer.trailer));
  response.end();
}

/** Resolves when the system took what was written, or the caller left. */
function drained(response: ServerResponse, left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      left.removeEventListener("abort", done);
      resolve();
    };
    response.on("drain", done);
    left.addEventListener("abort", done);
    if (left.aborted) done();
  });
}

/** A small JSON document, as Connect's unary errors are. */
export async function answerJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
): Promise<void> {
  await readRest(request, response);
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** Closes the connection after this answer; HTTP/2 has no such header, and each of its calls a stream of its own. */
export function lastOnConnection(request: IncomingMessage, response: ServerResponse): void {
  if (request.httpVersionMajor < 2) response.setHeader("connection", "close");
}

export function writeHead(response: ServerResponse, status: number, header: Headers): void {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of header) headers[name] = value;
  response.writeHead(status, headers);
}

/**
 * A caller still sending when the answer goes out would lose it, and its next request on the connection too. So the
 * rest of the body is read first, up to a bound; past it the connection is closed after the answer.
 */
async function readRest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let read = 0;
  if (request.readableEnded || request.destroyed) return;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    read += chunk.byteLength;
    if (read <= unreadBytes) continue;
    lastOnConnection(request, response);
    return;
  }
}
