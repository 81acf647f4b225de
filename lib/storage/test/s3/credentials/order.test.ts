import { beforeEach, expect, it } from "vitest";
import { metadataService } from "./metadata-service.ts";
import { during, failureOf, type Surroundings, surroundings } from "./surroundings.ts";
import { tokenService } from "./token-service.ts";

let machine: Surroundings;

beforeEach(async () => {
  machine = await surroundings();
});

const environment = { AWS_ACCESS_KEY_ID: "AKIAENV", AWS_SECRET_ACCESS_KEY: "s" };
const document = { Code: "Success", AccessKeyId: "ASIANODE", SecretAccessKey: "s", Token: "t" };

it("the environment comes before a web identity, that before the files, those before the instance", async () => {
  const sts = await during(tokenService({ token: "t", expiresAt: machine.now() + 3_600_000, instead: undefined }));
  const node = await during(metadataService({ role: "r", document, instead: undefined }));
  const instance = { AWS_EC2_METADATA_SERVICE_ENDPOINT: node.url };
  const identity = {
    AWS_WEB_IDENTITY_TOKEN_FILE: await machine.write("token", "t"),
    AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/r",
    AWS_ENDPOINT_URL_STS: sts.url,
  };
  const idWith = async (env: Record<string, string>): Promise<string | undefined> =>
    (await machine.provider(env)())?.accessKeyId;
  expect(await idWith(instance)).toBe("ASIANODE");
  await machine.write(".aws/credentials", "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n");
  expect(await idWith(instance)).toBe("AKIAFILE");
  expect(await idWith({ ...instance, ...identity })).toBe("ASIA1");
  expect(await idWith({ ...instance, ...identity, ...environment })).toBe("AKIAENV");
});

it("a profile of the configuration comes before the environment", async () => {
  await machine.write(".aws/config", "[profile p]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n");
  const provider = machine.provider(environment, { kind: "ambient", profile: "p" });
  expect((await provider())?.accessKeyId).toBe("AKIAFILE");
});

it("a machine without credentials says of each place why it has none", async () => {
  const error = await failureOf(machine.provider({ AWS_ACCESS_KEY_ID: "AKIA" })());
  expect(error).toMatchObject({ code: "unauthenticated" });
  const { message } = error as Error;
  expect(message).toContain("environment: AWS_SECRET_ACCESS_KEY is not set; ");
  expect(message).toContain("web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; ");
  expect(message).toContain(
    `profile "default": neither ${machine.home}/.aws/credentials nor ${machine.home}/.aws/config has it; `,
  );
  expect(message).toContain("container: AWS_CONTAINER_CREDENTIALS_FULL_URI is not set; ");
  expect(message).toMatch(/instance metadata: no answer from 127\.0\.0\.1:\d+ \(.*\)$/);
  expect(message).not.toContain("AKIA");
});

it("given keys are used whatever the surroundings offer, and their file is read again", async () => {
  const path = await machine.write("secret", "one\n");
  const provider = machine.provider(environment, { kind: "given", accessKeyId: "AKIAGIVEN", secret: { path } });
  expect(await provider()).toEqual({ accessKeyId: "AKIAGIVEN", secretAccessKey: "one" });
  await machine.write("secret", "two");
  machine.pass(60_000);
  await expect.poll(async () => (await provider())?.secretAccessKey, { timeout: 20_000 }).toBe("two");
});

it("anonymous access has no credentials, whatever the surroundings offer", async () => {
  expect(await machine.provider(environment, { kind: "anonymous" })()).toBeUndefined();
});
