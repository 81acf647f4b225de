import type { Logger } from "@flyte-dataplane/core";
import { beforeEach, expect, it, vi } from "vitest";
import { loopbackServer, type Told } from "./loopback-server.ts";
import { metadataService } from "./metadata-service.ts";
import { during, failureOf, type Surroundings, surroundings } from "./surroundings.ts";
import { refusal, tokenService } from "./token-service.ts";

let machine: Surroundings;

beforeEach(async () => {
  machine = await surroundings();
});

function keys(id: string): string {
  return `aws_access_key_id = ${id}\naws_secret_access_key = secret\n`;
}

it("the default profile gives its keys", async () => {
  await machine.write(".aws/credentials", `[default]\n${keys("AKIA1")}aws_session_token = tok\n`);
  expect(await machine.provider({})()).toEqual({
    accessKeyId: "AKIA1",
    secretAccessKey: "secret",
    sessionToken: "tok",
  });
});

it("the profile that AWS_PROFILE names is taken, from the file of settings too", async () => {
  await machine.write(".aws/credentials", `[default]\n${keys("AKIA1")}`);
  await machine.write(".aws/config", `[profile two]\n${keys("AKIA2")}`);
  expect((await machine.provider({ AWS_PROFILE: "two" })())?.accessKeyId).toBe("AKIA2");
});

it("the file of credentials has the last word", async () => {
  await machine.write(".aws/credentials", `[default]\n${keys("AKIA1")}`);
  await machine.write(".aws/config", `[default]\n${keys("AKIA2")}`);
  expect((await machine.provider({})())?.accessKeyId).toBe("AKIA1");
});

it("files elsewhere are read where the environment says", async () => {
  const env = {
    AWS_SHARED_CREDENTIALS_FILE: await machine.write("one", `[default]\n${keys("AKIA1")}`),
    AWS_CONFIG_FILE: await machine.write("two", `[profile "b c"]\n${keys("AKIA2")}`),
  };
  expect((await machine.provider(env)())?.accessKeyId).toBe("AKIA1");
  expect((await machine.provider({ ...env, AWS_PROFILE: "b c" })())?.accessKeyId).toBe("AKIA2");
});

it("keys that somebody replaces in the file are in use a minute later, without a restart", async () => {
  await machine.write(".aws/credentials", `[default]\n${keys("AKIA1")}`);
  const provider = machine.provider({});
  await provider();
  await machine.write(".aws/credentials", `[default]\n${keys("AKIA2")}`);
  expect((await provider())?.accessKeyId).toBe("AKIA1");
  machine.pass(60_000);
  await expect.poll(async () => (await provider())?.accessKeyId, { timeout: 20_000 }).toBe("AKIA2");
});

it("a file that loses its keys leaves them in use, and no other identity steps in", async () => {
  const file = await machine.write("keys", `[default]\n${keys("AKIA1")}`);
  const node = await during(metadataService({ role: "r", document: {}, instead: undefined }));
  const warnings: object[] = [];
  const env = { AWS_SHARED_CREDENTIALS_FILE: file, AWS_EC2_METADATA_SERVICE_ENDPOINT: node.url };
  const provider = machine.provider(env, undefined, { logger: loggerInto(warnings) });
  await provider();
  await machine.write("keys", "");
  machine.pass(60_000);
  expect((await provider())?.accessKeyId).toBe("AKIA1");
  await expect.poll(() => warnings, { timeout: 20_000 }).toEqual([{ code: "unauthenticated", failures: 1 }]);
  expect((await provider())?.accessKeyId).toBe("AKIA1");
  expect(node.asked).toEqual([]);
});

it("a profile with a web identity exchanges its token in the profile's region", async () => {
  const server = await during(tokenService({ token: "t", expiresAt: machine.now() + 3_600_000, instead: undefined }));
  const token = await machine.write("token", "t");
  const role = "arn:aws:iam::123456789012:role/r";
  await machine.write(
    ".aws/config",
    `[default]\nrole_arn = ${role}\nweb_identity_token_file = ${token}\nrole_session_name = me\nregion = eu-west-1\n`,
  );
  const provider = machine.provider({ AWS_ENDPOINT_URL_STS: server.url });
  expect((await provider())?.accessKeyId).toBe("ASIA1");
  expect(new URLSearchParams(server.asked[0]?.body).get("RoleSessionName")).toBe("me");
});

it("a profile that names a program is left to the AWS SDK", async () => {
  vi.stubEnv("AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED", "true");
  const Expiration = new Date(Date.now() + 3_600_000).toISOString();
  const document = JSON.stringify({
    Version: 1,
    AccessKeyId: "AKIA9",
    SecretAccessKey: "s",
    SessionToken: "t",
    Expiration,
  });
  const program = await machine.write("print.json", document);
  await machine.write(".aws/config", `[profile tool]\ncredential_process = cat ${program}\n`);
  expect(await machine.provider({ AWS_PROFILE: "tool" })()).toEqual({
    accessKeyId: "AKIA9",
    secretAccessKey: "s",
    sessionToken: "t",
    expiresAt: Date.parse(Expiration),
  });
  vi.unstubAllEnvs();
});

it("a profile that takes on another role is left to the AWS SDK", async () => {
  const expiresAt = Math.floor(Date.now() / 1000) * 1000 + 3_600_000;
  const sts = await during(
    loopbackServer(({ headers, body }) => {
      const form = new URLSearchParams(body);
      const signed = /Credential=AKIA1\/\d{8}\/eu-west-1\/sts\/aws4_request/.test(headers.authorization ?? "");
      if (!signed || form.get("Action") !== "AssumeRole") return refusal(403, "SignatureDoesNotMatch");
      return roleAnswer(new Date(expiresAt).toISOString());
    }),
  );
  vi.stubEnv("AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED", "true");
  vi.stubEnv("AWS_ENDPOINT_URL_STS", sts.url);
  await machine.write(
    ".aws/config",
    `[profile a]\n${keys("AKIA1")}\n[profile b]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = a\nregion = eu-west-1\n`,
  );
  expect(await machine.provider({ AWS_PROFILE: "b" })()).toEqual({
    accessKeyId: "ASIA7",
    secretAccessKey: "s",
    sessionToken: "t",
    expiresAt,
  });
  vi.unstubAllEnvs();
});

it("a program that fails is an error without its words", async () => {
  await machine.write(".aws/config", "[profile tool]\ncredential_process = echo SECRET >&2; false\n");
  const error = await failureOf(machine.provider({ AWS_PROFILE: "tool" })());
  expect(error).toMatchObject({ code: "unauthenticated" });
  expect((error as Error).message).toBe(
    `find S3 credentials: profile "tool": the AWS SDK gives up on it (CredentialsProviderError)`,
  );
});

it.each([
  { name: "is not there", text: "[default]\nregion = a", says: "neither" },
  { name: "has half a pair of keys", text: "[profile mine]\naws_access_key_id = a", says: "one of aws_access_key_id" },
])("a named profile that $name is an error", async ({ text, says }) => {
  await machine.write(".aws/config", text);
  const error = await failureOf(machine.provider({ AWS_PROFILE: "mine" })());
  expect(error).toMatchObject({ code: "unauthenticated" });
  expect((error as Error).message).toContain(says);
  expect((error as Error).message).not.toContain("instance metadata");
});

function roleAnswer(expiration: string): Told {
  return {
    status: 200,
    headers: { "content-type": "text/xml" },
    body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIA7</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
  };
}

function loggerInto(warnings: object[]): Logger {
  const drop = (): undefined => undefined;
  const logger: Logger = {
    debug: drop,
    info: drop,
    error: drop,
    warn: (fields) => warnings.push(fields),
    child: () => logger,
  };
  return logger;
}
