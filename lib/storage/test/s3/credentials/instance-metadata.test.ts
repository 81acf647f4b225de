import { beforeEach, expect, it } from "vitest";
import { type MetadataService, metadataService } from "./metadata-service.ts";
import { closedUrl, during, failureOf, type Surroundings, silentNetwork, surroundings } from "./surroundings.ts";

let machine: Surroundings;

beforeEach(async () => {
  machine = await surroundings();
});

function aService(changes: Partial<MetadataService> = {}): MetadataService {
  const Expiration = new Date(machine.now() + 3_600_000).toISOString().replace(/\.\d+/, "");
  const document = {
    Code: "Success",
    Type: "AWS-HMAC",
    AccessKeyId: "ASIA1",
    SecretAccessKey: "sec",
    Token: "tok",
    Expiration,
  };
  return { role: "node-role", document, instead: undefined, ...changes };
}

it("the role of an instance is found with a session of six hours, and no proxy between", async () => {
  const server = await during(metadataService(aService()));
  const wire = { writes: "async", proxy: { http: await closedUrl() } } as const;
  const provider = machine.provider({ AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url }, undefined, { wire });
  expect(await provider()).toEqual({
    accessKeyId: "ASIA1",
    secretAccessKey: "sec",
    sessionToken: "tok",
    expiresAt: machine.now() + 3_600_000,
  });
  expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "PUT /latest/api/token",
    "GET /latest/meta-data/iam/security-credentials/",
    "GET /latest/meta-data/iam/security-credentials/node-role",
  ]);
  expect(server.asked[0]?.headers["x-aws-ec2-metadata-token-ttl-seconds"]).toBe("21600");
});

it("new credentials are fetched before the old ones end, behind the callers' backs", async () => {
  const state = aService();
  const server = await during(metadataService(state));
  const provider = machine.provider({ AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url });
  await provider();
  const Expiration = new Date(machine.now() + 7_200_000).toISOString();
  state.document = { Code: "Success", AccessKeyId: "ASIA2", SecretAccessKey: "sec", Token: "tok", Expiration };
  machine.pass(3_600_000 - 5 * 60_000);
  expect((await provider())?.accessKeyId).toBe("ASIA1");
  await expect.poll(async () => (await provider())?.accessKeyId, { timeout: 20_000 }).toBe("ASIA2");
});

it("the first version of the service is not asked where the second is refused", async () => {
  const server = await during(metadataService(aService({ instead: { status: 403, body: "" } })));
  const error = await failureOf(machine.provider({ AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url })());
  expect(error).toMatchObject({ code: "unauthenticated" });
  expect((error as Error).message).toContain("answers 403");
  expect(server.asked.map(({ method }) => method)).toEqual(["PUT"]);
});

it.each([
  { name: "no role", changes: { role: "" }, code: "unauthenticated", text: "the instance has no role" },
  {
    name: "a role that it may not take",
    changes: { document: { Code: "AssumeRoleUnauthorizedAccess", Message: "SECRET" } },
    code: "unauthenticated",
    text: "AssumeRoleUnauthorizedAccess",
  },
  { name: "half a document", changes: { document: { Code: "Success" } }, code: "unavailable", text: "no credentials" },
  {
    name: "no moment of expiry",
    changes: { document: { AccessKeyId: "a", SecretAccessKey: "SECRET", Expiration: "soon" } },
    code: "unavailable",
    text: "no credentials",
  },
  {
    name: "no token but a page",
    changes: { instead: { status: 200, body: "<a b>" } },
    code: "unauthenticated",
    text: "no token",
  },
  {
    name: "a page",
    changes: { instead: { status: 502, body: "<html>SECRET" } },
    code: "unavailable",
    text: "answers 502",
  },
  {
    name: "too much",
    changes: { instead: { status: 200, body: "x".repeat(70_000) } },
    code: "unavailable",
    text: "more than 65536 bytes",
  },
])("an instance with $name gives $code", async ({ changes, code, text }) => {
  const server = await during(metadataService(aService(changes)));
  const error = await failureOf(machine.provider({ AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url })());
  expect(error).toMatchObject({ code });
  expect((error as Error).message).toContain(text);
  expect((error as Error).message).not.toContain("SECRET");
});

it("a service that asks for patience says how long", async () => {
  const busy = { status: 503, body: "", headers: { "retry-after": "7" } };
  const server = await during(metadataService(aService({ instead: busy })));
  const error = await failureOf(machine.provider({ AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url })());
  expect(error).toMatchObject({ code: "unavailable", cause: { retryAfterMs: 7000 } });
});

it("silence is answered three times before it counts as no instance", async () => {
  const provider = machine.provider({ AWS_EC2_METADATA_SERVICE_ENDPOINT: await closedUrl() });
  expect(await failureOf(provider())).toMatchObject({ code: "unauthenticated" });
  expect(machine.waits).toEqual([100, 200]);
});

it.each([
  { mode: "IPv4", host: "http://169.254.169.254" },
  { mode: "IPv6", host: "http://[fd00:ec2::254]" },
])("an instance is asked at its own address of $mode", async ({ mode, host }) => {
  const called: string[] = [];
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "", AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: mode };
  await failureOf(machine.provider(env, undefined, { connect: silentNetwork(called) })());
  expect(new Set(called)).toEqual(new Set([`${host}/latest/api/token`]));
});

it("a service that is turned off is not asked", async () => {
  const server = await during(metadataService(aService()));
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url, AWS_EC2_METADATA_DISABLED: "TRUE" };
  const error = await failureOf(machine.provider(env)());
  expect((error as Error).message).toContain("AWS_EC2_METADATA_DISABLED is set");
  expect(server.asked).toEqual([]);
});
