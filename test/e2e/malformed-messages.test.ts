/** Every procedure of the built server, called with bytes that no honest caller sends. */
import { join } from "node:path";
import { type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, call } from "./connect-call.ts";
import { deep, deepUnknown, everyProcedure, notUtf8 } from "./every-procedure.ts";
import { emptyHome, type Run, runMain } from "./server-process.ts";

const methods = await everyProcedure();

/** What a caller may be told about a message that cannot be read. */
const refusals = ["invalid_argument", "unimplemented"];

describe("every procedure of every service", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let run: Run;
  let url: string;
  beforeAll(async () => {
    home = await emptyHome();
    const environment = { HOME: home.path, TMPDIR: home.path };
    run = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "error"], environment);
    url = (await run.printed(/ready on (http:\/\/localhost:\d+)/))[1] ?? "";
  });
  afterAll(async () => {
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
    await home.remove();
  });

  /** Calls each method for which `bytes` gives a message; lists those whose answer is not as `expected`. */
  const surprises = async (
    bytes: (method: DescMethod) => Uint8Array | undefined,
    expected: (answer: Answer, method: DescMethod) => boolean,
    contentType?: string,
  ): Promise<{ readonly called: number; readonly surprises: readonly string[] }> => {
    const found: string[] = [];
    let called = 0;
    for (const method of methods) {
      const message = bytes(method);
      if (message === undefined) continue;
      called += 1;
      const answer = await call(url, method, message, contentType);
      if (!expected(answer, method)) found.push(`${method.parent.typeName}/${method.name}: ${JSON.stringify(answer)}`);
    }
    return { called, surprises: found };
  };
  const refused = ({ code }: Answer): boolean => refusals.includes(code ?? "");
  /** Refused with the message's type, and the field and offset at fault. */
  const placed = (answer: Answer, method: DescMethod): boolean =>
    answer.code === "unimplemented" ||
    (answer.code === "invalid_argument" &&
      (answer.text ?? "").startsWith(`decode the request as ${method.input.typeName}: `) &&
      / at \S+( top)?, offset \d+$/.test(answer.text ?? ""));
  const healthy = async (): Promise<void> => {
    const health = await fetch(`${url}/healthz`);
    expect(await health.text()).toBe("OK");
    expect(run.stderr()).toBe("");
  };

  test("are the ones that the descriptors name, of which the main ones are served", async () => {
    expect(methods.length).toBeGreaterThan(100);
    const served = await Promise.all(
      methods.map(async (method) =>
        (await call(url, method, truncated)).code === "invalid_argument" ? method : undefined,
      ),
    );
    const services = new Set(served.flatMap((method) => (method === undefined ? [] : [method.parent.name])));
    expect([...services].sort()).toEqual(
      expect.arrayContaining(["ActionsService", "CacheService", "DataProxyService", "ProjectService", "RunService"]),
    );
    expect(served.filter((method) => method !== undefined).length).toBeGreaterThan(40);
  });

  test("answers an empty message with a message of its own type or an error that names what is missing", async () => {
    const planned = ["invalid_argument", "unimplemented", "unauthenticated", "not_found"];
    const { surprises: found } = await surprises(
      () => new Uint8Array(),
      (answer, method) => {
        if (answer.code !== undefined) return planned.includes(answer.code) && (answer.text ?? "") !== "";
        for (const message of answer.messages) fromBinary(method.output, message);
        return answer.status === 200 && (method.methodKind !== "unary" || answer.messages.length === 1);
      },
    );
    expect(found).toEqual([]);
    await healthy();
  });

  test.each<{ name: string; bytes: (method: DescMethod) => Uint8Array | undefined; atLeast: number }>([
    { name: "a message that ends inside a field", bytes: () => truncated, atLeast: 100 },
    { name: "bytes that are no message", bytes: () => new Uint8Array(11).fill(0xff), atLeast: 100 },
    { name: "a field of no wire type", bytes: () => Uint8Array.of(0x0f, 0x01), atLeast: 100 },
    { name: "text that is not UTF-8", bytes: (method) => notUtf8(method.input), atLeast: 90 },
    { name: "messages in messages, ten thousand deep", bytes: (method) => deep(method.input, 10_000), atLeast: 10 },
    { name: "unknown groups in groups, ten thousand deep", bytes: () => deepUnknown(10_000), atLeast: 100 },
  ])("calls $name the caller's fault, and names the place", async ({ bytes, atLeast }) => {
    const { called, surprises: found } = await surprises(bytes, placed);
    expect(found).toEqual([]);
    expect(called).toBeGreaterThanOrEqual(atLeast);
    await healthy();
  });

  test.each([
    { name: "JSON that ends early", text: '{"a":' },
    { name: "JSON of another shape", text: "[]" },
    { name: "no JSON at all", text: "\0\u{fffd}<xml/>" },
  ])("calls $name the caller's fault", async ({ text }) => {
    const unary = (method: DescMethod) => (method.methodKind === "unary" ? Buffer.from(text) : undefined);
    const { surprises: found } = await surprises(unary, refused, "application/json");
    expect(found).toEqual([]);
    await healthy();
  });

  test("passes over what it does not know in JSON, ten thousand deep, as if it were absent", async () => {
    const text = Buffer.from(`${'{"nobodyHasThis":'.repeat(10_000)}1${"}".repeat(10_000)}`);
    const { surprises: found } = await surprises(
      (method) => (method.methodKind === "unary" ? text : undefined),
      ({ status, code }) => (code === undefined ? status === 200 : [...refusals, "unauthenticated"].includes(code)),
      "application/json",
    );
    expect(found).toEqual([]);
    await healthy();
  });

  test("answers 415, or that there is no such procedure, to a content type of no protocol", async () => {
    const { surprises: found } = await surprises(
      () => new Uint8Array(),
      ({ status, code }) => status === 415 || code === "unimplemented",
      "text/plain",
    );
    expect(found).toEqual([]);
    await healthy();
  });
});

/** Field 1 says that it has 32 bytes, and one follows. */
const truncated = Uint8Array.of(0x0a, 0x20, 0x61);
