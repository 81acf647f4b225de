import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { WebAnswer } from "./case.ts";

/** A web server whose answers a case gives; `{origin}` in a header is its own address. */
export interface WebServer {
  readonly origin: string;
  answers: Readonly<Record<string, WebAnswer>>;
  stop(): Promise<void>;
}

export async function startWebServer(): Promise<WebServer> {
  const web = createServer((request, response) => {
    const {
      status,
      headers = {},
      body = "",
    } = self.answers[request.url ?? ""] ?? { status: 404, body: "no such page" };
    const own = Object.entries(headers).map(
      ([name, value]) => [name, value.replaceAll("{origin}", self.origin)] as const,
    );
    response.writeHead(status, Object.fromEntries(own)).end(body);
  });
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  const self: WebServer = {
    origin: `http://127.0.0.1:${(web.address() as AddressInfo).port}`,
    answers: {},
    async stop() {
      web.closeAllConnections();
      web.close();
      await once(web, "close");
    },
  };
  return self;
}
