import { beforeEach, expect, it } from "vitest";
import { type LoopbackServer, loopbackServer } from "./loopback-server.ts";
import { during, failureOf, type Surroundings, silentNetwork, surroundings } from "./surroundings.ts";

let machine: Surroundings;
/** The token that the agent accepts. */
let expected: string | undefined;
let agent: LoopbackServer;

beforeEach(async () => {
  machine = await surroundings();
  expected = undefined;
  agent = await during(
    loopbackServer(({ method, path, headers }) => {
      if (headers.authorization !== expected) return { status: 401, body: `{"code":"InvalidToken"}` };
      if (method !== "GET" || path !== "/v1/credentials?a=b") return { status: 404, body: "" };
      const Expiration = new Date(machine.now() + 3_600_000).toISOString();
      const document = { AccessKeyId: "ASIA1", SecretAccessKey: "sec", Token: "tok", Expiration, RoleArn: "r" };
      return { status: 200, body: JSON.stringify(document) };
    }),
  );
});

function env(more: Record<string, string> = {}): Record<string, string> {
  return { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.url}/v1/credentials?a=b`, ...more };
}

it("the agent beside a container gives credentials", async () => {
  expect(await machine.provider(env())()).toEqual({
    accessKeyId: "ASIA1",
    secretAccessKey: "sec",
    sessionToken: "tok",
    expiresAt: machine.now() + 3_600_000,
  });
});

it("the agent sees the token of the file, as it is now, rather than the one of the environment", async () => {
  const file = await machine.write("pod-identity-token", "Bearer one\n");
  const provider = machine.provider(
    env({ AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file, AWS_CONTAINER_AUTHORIZATION_TOKEN: "Bearer none" }),
  );
  expected = "Bearer one";
  await provider();
  expected = "Bearer two";
  await machine.write("pod-identity-token", "Bearer two\n");
  machine.pass(3_600_000);
  await provider();
  expect(agent.asked.map(({ headers }) => headers.authorization)).toEqual(["Bearer one", "Bearer two"]);
});

it("the token of the environment is sent where there is no file", async () => {
  expected = "Basic abc";
  expect(await machine.provider(env({ AWS_CONTAINER_AUTHORIZATION_TOKEN: "Basic abc" }))()).toBeDefined();
});

it("a token that the agent refuses ends the search, and is not repeated", async () => {
  const error = await failureOf(machine.provider(env({ AWS_CONTAINER_AUTHORIZATION_TOKEN: "SECRET" }))());
  expect(error).toMatchObject({ code: "unauthenticated" });
  expect((error as Error).message).toMatch(
    /^find S3 credentials: container: 127\.0\.0\.1:\d+ answers 401 InvalidToken$/,
  );
});

it.each([
  "http://169.254.169.254/latest",
  "http://127.0.0.1.evil.example/",
  "http://example.com/",
  "http://localhost.evil.example/",
  "http://169.254.170.22/",
  "http://[fd00:ec2::24]/",
  "file:///etc/passwd",
  "v1/credentials",
])("the address %s is not asked for credentials", async (url) => {
  const error = await failureOf(machine.provider({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url })());
  expect(error).toMatchObject({ code: "unauthenticated" });
  expect((error as Error).message).toMatch(/AWS_CONTAINER_CREDENTIALS_FULL_URI (names neither|is no URL)/);
});

it.each([
  { name: "ECS", env: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/x" }, url: "http://169.254.170.2/v2/x" },
  {
    name: "EKS",
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials" },
    url: "http://169.254.170.23/v1/credentials",
  },
  {
    name: "EKS over IPv6",
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://[fd00:ec2::23]/v1/credentials" },
    url: "http://[fd00:ec2::23]/v1/credentials",
  },
  {
    name: "somebody with a certificate",
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "https://agent.example/c" },
    url: "https://agent.example/c",
  },
])("the agent of $name is asked once, and its silence ends the search", async ({ env: given, url }) => {
  const called: string[] = [];
  const error = await failureOf(machine.provider(given, undefined, { connect: silentNetwork(called) })());
  expect(error).toMatchObject({ code: "unavailable", message: "find S3 credentials: container: nobody answers" });
  expect(called).toEqual([url]);
});

it("a relative address cannot lengthen the name of the agent's host", async () => {
  const error = await failureOf(machine.provider({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: ".evil.example/" })());
  expect((error as Error).message).toContain("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path");
});

it("a token of two lines is refused", async () => {
  const error = await failureOf(machine.provider(env({ AWS_CONTAINER_AUTHORIZATION_TOKEN: "a\r\nx: b" }))());
  expect((error as Error).message).toContain("has more than one line");
  expect(agent.asked).toEqual([]);
});
