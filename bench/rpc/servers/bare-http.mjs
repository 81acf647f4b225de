// @ts-check
// node:http alone: reads the body, answers fixed bytes.
import { createServer } from "node:http";
import { cachedBytes, listening } from "../served.mjs";

const headers = { "content-type": "application/proto", "content-length": cachedBytes.byteLength };
await listening(
  createServer((request, response) => {
    request.on("data", () => undefined);
    request.once("end", () => response.writeHead(200, headers).end(cachedBytes));
  }),
);
