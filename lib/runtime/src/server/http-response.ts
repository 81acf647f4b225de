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
): Promise<void> {
  if (!response.headersSent) {
    await readRest(request, response);
    writeHead(response, answer.status, answer.header ?? new Headers());
  }
  for await (const chunk of answer.body ?? []) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await drained(response);
  }
  if (answer.trailer !== undefined) response.addTrailers([...answer.trailer]);
  response.end();
}

/** Resolves when the system took what was written, or the caller left. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
    // The caller may have left between the write and these lines.
    if (response.destroyed) done();
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
    response.setHeader("connection", "close");
    return;
  }
}
