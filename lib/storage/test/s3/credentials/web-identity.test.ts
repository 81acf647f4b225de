import { beforeEach, expect, it } from "vitest";
import { during, failureOf, type Surroundings, silentNetwork, surroundings } from "./surroundings.ts";
import { refusal, type TokenService, tokenService } from "./token-service.ts";

let machine: Surroundings;

beforeEach(async () => {
  machine = await surroundings();
});

function aService(changes: Partial<TokenService> = {}): TokenService {
  return { token: "eyJ.token.1", expiresAt: machine.now() + 3_600_000, instead: undefined, ...changes };
}

async function aPod(state: TokenService, more: Record<string, string> = {}): Promise<Record<string, string>> {
  const server = await during(tokenService(state));
  return {
    AWS_WEB_IDENTITY_TOKEN_FILE: await machine.write("token", "eyJ.token.1\n"),
    AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/flyte/task",
    AWS_ENDPOINT_URL_STS: server.url,
    ...more,
  };
}

it("the token of a service account is exchanged for credentials of its role", async () => {
  const provider = machine.provider(await aPod(aService()));
  expect(await provider()).toEqual({
    accessKeyId: "ASIA1",
    secretAccessKey: "secret-1",
    sessionToken: "session+1/&=",
    expiresAt: machine.now() + 3_600_000,
  });
});

it("a token that was rotated meanwhile is read at the next refresh", async () => {
  const state = aService();
  const provider = machine.provider(await aPod(state));
  await provider();
  await machine.write("token", "eyJ.token.2");
  state.token = "eyJ.token.2";
  state.expiresAt += 3_600_000;
  machine.pass(3_600_000);
  expect((await provider())?.accessKeyId).toBe("ASIA2");
});

it("the session has the name that the environment gives it", async () => {
  const state = aService();
  const server = await during(tokenService(state));
  const env = await aPod(state, { AWS_ROLE_SESSION_NAME: "run-7", AWS_ENDPOINT_URL_STS: server.url });
  await machine.provider(env)();
  expect(new URLSearchParams(server.asked[0]?.body).get("RoleSessionName")).toBe("run-7");
});

it.each([
  {
    name: "an expired token",
    instead: refusal(400, "ExpiredTokenException"),
    code: "unauthenticated",
    text: "400 ExpiredTokenException",
  },
  {
    name: "a role that does not trust us",
    instead: refusal(403, "AccessDenied"),
    code: "unauthenticated",
    text: "403 AccessDenied",
  },
  { name: "throttling", instead: refusal(400, "Throttling"), code: "unavailable", text: "400 Throttling" },
  {
    name: "a provider out of reach",
    instead: refusal(400, "IDPCommunicationError"),
    code: "unavailable",
    text: "IDPCommunicationError",
  },
  { name: "an outage", instead: refusal(500, "InternalFailure"), code: "unavailable", text: "500 InternalFailure" },
  {
    name: "a page of a proxy",
    instead: { status: 407, body: "<html><p>eyJ.token.1" },
    code: "unauthenticated",
    text: "answers 407",
  },
  {
    name: "a page instead of credentials",
    instead: { status: 200, body: "<html></html>" },
    code: "unavailable",
    text: "no credentials",
  },
  {
    name: "an echo",
    instead: refusal(400, "eyJ.token.1 is no token", "eyJ.token.1"),
    code: "unauthenticated",
    text: "answers 400",
  },
])("$name ends in $code, without a secret in the message", async ({ instead, code, text }) => {
  const error = await failureOf(machine.provider(await aPod(aService({ instead })))());
  expect(error).toMatchObject({ code });
  expect((error as Error).message).toMatch(/^find S3 credentials: web identity: /);
  expect((error as Error).message).toContain(text);
  expect((error as Error).message).not.toContain("eyJ");
});

it.each([
  { name: "no role", env: { AWS_ROLE_ARN: "" }, text: "AWS_ROLE_ARN is not" },
  {
    name: "a token file that is not there",
    env: { AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere/token" },
    text: "/nowhere/token cannot be read (ENOENT)",
  },
  { name: "no address", env: { AWS_ENDPOINT_URL_STS: "sts" }, text: "AWS_ENDPOINT_URL_STS is no URL" },
  {
    name: "a region that is another host",
    env: { AWS_ENDPOINT_URL_STS: "", AWS_REGION: "evil.example/" },
    text: "no region",
  },
])("a pod with $name is told so, and takes on no other identity", async ({ env, text }) => {
  const given = { ...(await aPod(aService())), ...env };
  const error = await failureOf(machine.provider(given)());
  expect(error).toMatchObject({ code: "unauthenticated" });
  expect((error as Error).message).toContain(text);
  expect((error as Error).message).not.toContain("instance metadata");
});

it.each([
  { name: "no region", env: {}, url: "https://sts.amazonaws.com/" },
  { name: "a region", env: { AWS_REGION: "eu-west-1" }, url: "https://sts.eu-west-1.amazonaws.com/" },
  {
    name: "a default region",
    env: { AWS_DEFAULT_REGION: "us-gov-west-1" },
    url: "https://sts.us-gov-west-1.amazonaws.com/",
  },
  { name: "a region of China", env: { AWS_REGION: "cn-north-1" }, url: "https://sts.cn-north-1.amazonaws.com.cn/" },
  { name: "one address for all services", env: { AWS_ENDPOINT_URL: "http://minio:9000" }, url: "http://minio:9000/" },
])("a pod with $name asks $url", async ({ env, url }) => {
  const called: string[] = [];
  const given = { ...(await aPod(aService())), AWS_ENDPOINT_URL_STS: "", ...env };
  const error = await failureOf(machine.provider(given, undefined, { connect: silentNetwork(called) })());
  expect(error).toMatchObject({ code: "unavailable" });
  expect(called).toEqual([url]);
});

it.each(["", "two\nlines", "\0"])("a token file that holds %j is refused, its text not repeated", async (text) => {
  const env = await aPod(aService());
  await machine.write("token", text);
  const error = await failureOf(machine.provider(env)());
  expect(error).toMatchObject({ code: "unauthenticated" });
  expect((error as Error).message).not.toContain("lines\n");
});
