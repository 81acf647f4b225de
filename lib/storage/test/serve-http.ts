import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { type SignedFileResponse, serveSignedFile } from "../src/signed-files/serve.ts";
import type { Stores } from "../src/stores.ts";

export interface FileServer {
  readonly endpoint: string;
  /** Every answer so far. */
  readonly answers: readonly SignedFileResponse[];
  close(): Promise<void>;
}

/** The least server that mounts `serveSignedFile`: node:http on a free loopback port. */
export async function serveHttp(stores: Stores): Promise<FileServer> {
  const answers: SignedFileResponse[] = [];
  const server = createServer((request, response) => {
    const caller = new AbortController();
    response.once("close", () => caller.abort());
    void (async () => {
      const { method = "", url = "", headers } = request;
      const answer = await serveSignedFile(stores, { method, url, headers, body: request, signal: caller.signal });
      answers.push(answer);
      response.writeHead(answer.status, answer.headers);
      // A caller that hung up has no use for the rest.
      await pipeline(answer.body, response).catch(() => undefined);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    answers,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
