import { Buffer } from "node:buffer";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectBytes, expectCode, text } from "../src/conformance/index.ts";
import { createStores, readObject, type Stores, type StoresOptions } from "../src/index.ts";
import { serveWeb, type WebServer } from "./web-server.ts";

const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
const keys = { AWS_ACCESS_KEY_ID: "AKTEST", AWS_SECRET_ACCESS_KEY: "SKTESTSECRET" };

let server: WebServer;
let stores: Stores | undefined;
let failures = 0;

beforeEach(async () => {
  failures = 0;
  server = await serveWeb((_request, response) => {
    if (failures > 0) {
      failures -= 1;
      return response.writeHead(503, { "retry-after": "0" }).end();
    }
    const headers = { etag: '"1"', "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT", "content-length": "4" };
    return response.writeHead(200, headers).end("text");
  });
});
afterEach(async () => {
  await stores?.close();
  await server.close();
});

function storesWith(env: Readonly<Record<string, string>>, more: Partial<StoresOptions> = {}): Stores {
  // A home of their own: no profile of whoever runs the tests.
  const network = { env: { HOME: "/nonexistent", ...env }, writes: "async" as const, random: () => 0 };
  stores = createStores({ clock, network, ...more });
  return stores;
}

describe("a bucket of S3", () => {
  it("is reached at the endpoint and in the region of the environment, with its keys", async () => {
    const env = { ...keys, AWS_ENDPOINT_URL: server.endpoint, AWS_REGION: "eu-west-1" };
    expectBytes(await readObject(storesWith(env), "s3://data/a/b", { maxBytes: 10 }), "text");
    const [request] = server.requests;
    expect(request?.url).toBe("/data/a/b");
    expect(request?.headers.authorization).toMatch(/Credential=AKTEST\/\d{8}\/eu-west-1\/s3\/aws4_request/);
  });

  it("is reached as configured, whatever the environment says", async () => {
    const env = { ...keys, AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_REGION: "eu-west-1" };
    const s3 = { endpoint: server.endpoint, region: "local", credentials: { kind: "anonymous" as const } };
    await readObject(storesWith(env, { s3 }), "s3://data/a", { maxBytes: 10 });
    expect(server.requests[0]?.headers).not.toHaveProperty("authorization");
  });

  it("is reached where the profile in use says", async () => {
    const home = await mkdtemp(path.join(tmpdir(), "flyte-dataplane-home-"));
    const file = path.join(home, "config");
    await writeFile(file, `[profile team]\nregion = eu-north-1\nendpoint_url = ${server.endpoint}\n`);
    try {
      const env = { ...keys, AWS_CONFIG_FILE: file, AWS_PROFILE: "team" };
      await readObject(storesWith(env), "s3://data/a", { maxBytes: 10 });
      expect(server.requests[0]?.headers.authorization).toContain("/eu-north-1/");
    } finally {
      await rm(home, { recursive: true });
    }
  });

  it("that fails for a while is asked again", async () => {
    failures = 2;
    const env = { ...keys, AWS_ENDPOINT_URL: server.endpoint };
    expectBytes(await readObject(storesWith(env), "s3://data/a", { maxBytes: 10 }), "text");
    expect(server.requests).toHaveLength(3);
  });

  it("cannot be reached with a file of authorities that is missing, and the file is named", async () => {
    const env = { ...keys, AWS_ENDPOINT_URL: server.endpoint, AWS_CA_BUNDLE: "/nonexistent/ca.pem" };
    const read = readObject(storesWith(env), "s3://data/a", { maxBytes: 10 });
    await expectCode(read, "failed_precondition");
    await expect(read).rejects.toThrow("/nonexistent/ca.pem");
  });
});

describe("a web address", () => {
  it("is read without credentials, after failures that pass, and shown without its query", async () => {
    failures = 1;
    const { ref, info, body } = await storesWith(keys).web(`${server.endpoint}/a?sig=1`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
    expectBytes(Buffer.concat(chunks), text("text"));
    expect(ref).toBe(`${server.endpoint}/a`);
    expect(info.size).toBe(4);
    expect(server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ["/a?sig=1", undefined],
      ["/a?sig=1", undefined],
    ]);
  });

  it("that fails for good is named without its query", async () => {
    failures = 100;
    const read = storesWith({}).web(`${server.endpoint}/a?sig=hidden`);
    await expect(read).rejects.toMatchObject({ code: "unavailable", ref: `${server.endpoint}/a` });
    await expect(read).rejects.not.toThrow(/hidden/);
  });

  it("is not read where no network is set up, nor after close", async () => {
    const local = createStores({ clock });
    await expectCode(local.web(`${server.endpoint}/a`), "unimplemented");
    await local.close();
    await expectCode(local.web(`${server.endpoint}/a`), "failed_precondition");
  });
});
