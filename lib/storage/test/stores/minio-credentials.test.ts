import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import { type StoreServer, startMinio } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Driver } from "../../src/driver.ts";
import type { S3Credentials } from "../../src/drivers/s3/credentials/credentials.ts";
import { failureOf, type Surroundings, surroundings } from "../s3/credentials/surroundings.ts";
import { givenProgram } from "./given-programs.ts";
import { type IdentityProvider, identityProvider } from "./identity-provider.ts";
import { openS3Store } from "./s3-store.ts";

/** A pod's identity from its token to an object: a real token service gives the credentials, and the store judges them. */

const client = "flyte";
const roleArn = `arn:minio:iam:::role/${createHash("sha1").update(client).digest("base64url")}`;

let provider: IdentityProvider;
let server: StoreServer;
let bucket: string;
let machine: Surroundings;

beforeAll(async () => {
  provider = await identityProvider();
  server = await startMinio({
    program: givenProgram("minio"),
    env: {
      MINIO_IDENTITY_OPENID_CONFIG_URL: provider.configUrl,
      MINIO_IDENTITY_OPENID_CLIENT_ID: client,
      MINIO_IDENTITY_OPENID_ROLE_POLICY: "readwrite",
    },
  });
  bucket = await server.createBucket();
});

afterAll(async () => {
  await server.stop();
  await provider.close();
});

beforeEach(async () => {
  machine = await surroundings();
});

async function assumed(token: string, more: Record<string, string> = {}): Promise<S3Credentials> {
  const found = await machine.provider({
    AWS_WEB_IDENTITY_TOKEN_FILE: await machine.write("token", token),
    AWS_ROLE_ARN: roleArn,
    AWS_ENDPOINT_URL_STS: server.endpoint,
    ...more,
  })();
  if (found === undefined) throw new Error("no credentials");
  return found;
}

async function during<T>(credentials: S3Credentials, use: (driver: Driver) => Promise<T>): Promise<T> {
  const driver = openS3Store(server, bucket, { credentials });
  try {
    return await use(driver);
  } finally {
    await driver.close();
  }
}

const bytes = new TextEncoder().encode("hello");

it("what a web identity was exchanged for reads, writes and signs links, until its own end [dataproxy 45,B28]", async () => {
  const credentials = await assumed(provider.token("system:serviceaccount:flyte:default", client, 3600));
  expect(credentials.sessionToken).toBeDefined();
  const end = credentials.expiresAt ?? 0;
  await during(credentials, async (driver) => {
    await driver.put("a b/ü+%.bin", bytes);
    expect((await driver.head("a b/ü+%.bin")).size).toBe(5);
    const signed = await driver.signer?.signGet("a b/ü+%.bin", { expiresAt: Date.now() + 86_400_000 });
    // A day was asked for; the credentials have an hour.
    expect(signed?.expiresAt).toBeLessThanOrEqual(end);
    expect(signed?.expiresAt).toBeGreaterThan(end - 1000);
    expect(new URL(signed?.url ?? "").searchParams.get("X-Amz-Security-Token")).toBe(credentials.sessionToken);
    const answer = await fetch(signed?.url ?? "");
    expect([answer.status, await answer.text()]).toEqual([200, "hello"]);
  });
});

it("a signed upload with a session token stores what was signed and refuses anything else", async () => {
  const credentials = await assumed(provider.token("system:serviceaccount:flyte:default", client, 3600));
  await during(credentials, async (driver) => {
    const contentMd5 = createHash("md5").update(bytes).digest();
    const options = {
      expiresAt: Date.now() + 60_000,
      contentMd5,
      contentLength: 5,
      metadata: { flyteContentMD5: "x=" },
    };
    const signed = await driver.signer?.signPut("up", options);
    if (signed === undefined) throw new Error("no signer");
    const { url, headers } = signed;
    expect((await fetch(url, { method: "PUT", headers, body: "HELLO" })).status).toBeGreaterThanOrEqual(400);
    expect((await fetch(url, { method: "PUT", headers, body: bytes })).status).toBe(200);
    expect((await driver.head("up")).metadata).toEqual({ flytecontentmd5: "x=" });
  });
});

it("a session token that was changed is refused by the store", async () => {
  const credentials = await assumed(provider.token("system:serviceaccount:flyte:default", client, 3600));
  const forged = { ...credentials, sessionToken: `${credentials.sessionToken ?? ""}x` };
  await during(forged, async (driver) => {
    expect(await failureOf(driver.head("up"))).toMatchObject({
      code: expect.stringMatching(/denied|unauthenticated/) as string,
    });
  });
});

it("a session that has ended is refused by the store, in one clear error", async () => {
  const credentials = await assumed(provider.token("system:serviceaccount:flyte:default", client, 3600));
  // No session can be asked for that is shorter than a quarter of an hour: this one was, by the store's own signature.
  const ended = { ...credentials, sessionToken: endedToken(credentials.sessionToken ?? "", server.secretAccessKey) };
  await during(ended, async (driver) => {
    const calls = [() => driver.put("ended", bytes), () => driver.head("up"), () => driver.get("up")];
    for (const call of calls) expect(await failureOf(call())).toMatchObject({ code: "unauthenticated" });
  });
});

it.each([
  { name: "for another client", token: () => provider.token("s", "other", 3600), more: {} },
  { name: "past its end", token: () => provider.token("s", client, -10), more: {} },
  {
    name: "with another signature",
    token: () => `${provider.token("s", client, 3600).slice(0, -8)}AAAAAAAA`,
    more: {},
  },
  {
    name: "for an unknown role",
    token: () => provider.token("s", client, 3600),
    more: { AWS_ROLE_ARN: `${roleArn}x` },
  },
])("a token $name is refused in one clear error", async ({ token, more }) => {
  const text = token();
  const error = await failureOf(assumed(text, more));
  expect(error).toMatchObject({ code: "unauthenticated" });
  expect((error as Error).message).toMatch(/^find S3 credentials: web identity: 127\.0\.0\.1:\d+ answers 4\d\d \w+$/);
});

/** The same session, over for an hour. */
function endedToken(token: string, key: string): string {
  const [head = "", body = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as Record<string, unknown>;
  const past = { ...claims, exp: Math.floor(Date.now() / 1000) - 3600 };
  const signed = `${head}.${Buffer.from(JSON.stringify(past)).toString("base64url")}`;
  return `${signed}.${createHmac("sha512", key).update(signed).digest("base64url")}`;
}
