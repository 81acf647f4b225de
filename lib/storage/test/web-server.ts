import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Driver } from "../src/driver.ts";
import { parseRange } from "../src/signed-files/range.ts";

export interface WebServer {
  readonly endpoint: string;
  /** In order. */
  readonly requests: readonly IncomingMessage[];
  close(): Promise<void>;
}

export async function serveWeb(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<WebServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers GET and HEAD with the objects of `driver`; the path's segments are its keys, percent-decoded. */
export async function serveObject(driver: Driver, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const key = decodeURIComponent((request.url ?? "").slice(1).replace(/\?.*$/, ""));
    const { size, etag, modifiedAt, contentType } = await driver.head(key);
    const range = parseRange(request.headers.range, size);
    const headers = {
      etag,
      "last-modified": new Date(modifiedAt).toUTCString(),
      ...(contentType !== undefined && { "content-type": contentType }),
    };
    if (range.kind === "unsatisfiable")
      return void response.writeHead(416, { "content-range": `bytes */${size}` }).end();
    const { offset, length } = range.kind === "part" ? range : { offset: 0, length: size };
    const part = range.kind === "part" && { "content-range": `bytes ${offset}-${offset + length - 1}/${size}` };
    response.writeHead(range.kind === "part" ? 206 : 200, { ...headers, "content-length": length, ...part });
    if (request.method === "HEAD") return void response.end();
    const { body } = await driver.get(key, { range: { offset, length }, ifMatch: etag });
    for await (const chunk of body) response.write(chunk);
    response.end();
  } catch {
    if (response.headersSent) response.destroy();
    else response.writeHead(404, { "content-length": 0 }).end();
  }
}
