// @ts-check
// service file FOLDER | service s3 BUCKET: a service that takes one upload and passes it on, as bytes come; prints where it
// takes it, and then how long its event loop kept others waiting meanwhile: the 99th percentile in milliseconds.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pipeline } from "node:stream/promises";
import { parseStorageUri } from "@flyte-dataplane/core";
import { createStores, serveSignedFile, uploadStream } from "@flyte-dataplane/storage";
import { clock } from "./open-bucket.mjs";

const [kind = "", place = ""] = process.argv.slice(2);
/** The least that a timer can be late: what it waits for. */
const resolutionMs = 1;
let endpoint = "";
const stores = createStores({
  clock,
  file: { durability: "synced", signing: { key: randomBytes(32), endpoint: () => endpoint } },
  network: { env: process.env, writes: "async" },
});
const uri = parseStorageUri(kind === "file" ? `${place}/object` : `s3://${place}/object`);
const bucket = await stores.bucket(uri);
const delay = monitorEventLoopDelay({ resolution: resolutionMs });

const server = createServer((request, response) => void pass(request, response));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
endpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
const expiresAt = Date.now() + 3_600_000;
console.log(kind === "file" ? (await bucket.signPut(uri.key, { expiresAt })).url : `${endpoint}/object`);

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
async function pass(request, response) {
  const { method = "", url = "", headers } = request;
  delay.enable();
  if (kind === "file") {
    const answer = await serveSignedFile(stores, { method, url, headers, body: request });
    response.writeHead(answer.status, { ...answer.headers, connection: "close" });
    await pipeline(answer.body, response);
  } else {
    await uploadStream(bucket, uri.key, request, { clock });
    response.writeHead(200, { "content-length": 0, connection: "close" }).end();
  }
  delay.disable();
  server.close();
  await stores.close();
  console.log((delay.percentile(99) / 1e6 - resolutionMs).toFixed(2));
}
