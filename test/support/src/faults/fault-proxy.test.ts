import { Buffer } from "node:buffer";
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { AnswerEffect, RequestEffect } from "./fault.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

/** Answers a body that is neither small nor regular; keeps what was put. */
const stored = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) % 251));
let received: Buffer[] = [];
let server: Server;
let proxy: FaultProxy;

beforeAll(async () => {
  server = createServer((asked, response) => {
    void (async () => {
      if (asked.method === "PUT") {
        received.push(await buffer(asked));
        response.end();
      } else if (asked.url === "/chunked") {
        response.write(stored.subarray(0, 1000));
        response.end(stored.subarray(1000));
      } else {
        response.writeHead(200, { "content-length": stored.byteLength }).end(stored);
      }
    })().catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await startFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(async () => {
  await proxy.reset();
  expect(proxy.open).toBe(0);
  received = [];
});

afterAll(async () => {
  await proxy.close();
  server.close();
});

test.each(["/plain", "/chunked"])("what meets no fault passes unchanged: %s", async (path) => {
  const { bytes, status } = await get(path);
  expect(status).toBe(200);
  expect(bytes.equals(stored)).toBe(true);
  await put(stored);
  expect(received.map((body) => body.equals(stored))).toEqual([true]);
  expect(proxy.requests).toMatchObject([
    { method: "GET", target: path },
    { method: "PUT", target: "/object" },
  ]);
});

test("exchanges on one kept connection are one connection", async () => {
  const before = proxy.accepted;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const path of ["/plain", "/chunked", "/plain"]) {
    expect((await get(path, agent)).bytes.equals(stored)).toBe(true);
  }
  expect(proxy.accepted - before).toBe(1);
  expect(proxy.open).toBe(1);
  agent.destroy();
  await expect.poll(() => proxy.open).toBe(0);
});

const answers: readonly { name: string; effect: AnswerEffect; bytes: Buffer; ends: string }[] = [
  {
    name: "a reset",
    effect: { kind: "reset-answer", afterBytes: 70_000 },
    bytes: stored.subarray(0, 70_000),
    ends: "ECONNRESET",
  },
  {
    name: "an early end",
    effect: { kind: "short-answer", afterBytes: 70_000 },
    bytes: stored.subarray(0, 70_000),
    ends: "ECONNRESET",
  },
  {
    name: "a byte changed",
    effect: { kind: "corrupt-answer", atByte: 250_000 },
    bytes: Buffer.concat([stored.subarray(0, 250_000), Buffer.of(inverted(250_000)), stored.subarray(250_001)]),
    ends: "whole",
  },
  { name: "a slow start", effect: { kind: "trickle-answer", bytes: 20, everyMs: 1 }, bytes: stored, ends: "whole" },
];

test.each(answers)("$name is what the client sees, at its byte", async ({ effect, bytes, ends }) => {
  proxy.inject({ effect });
  const answer = await get("/plain");
  expect(answer.ends).toBe(ends);
  expect(answer.bytes.equals(bytes)).toBe(true);
  expect((await get("/plain")).bytes.equals(stored)).toBe(true);
});

const requests: readonly { name: string; effect: RequestEffect }[] = [
  { name: "before its first byte", effect: { kind: "reset-request", afterBytes: 0 } },
  { name: "in its middle", effect: { kind: "reset-request", afterBytes: 150_000 } },
];

test.each(requests)("a request that is reset $name never reaches the server whole", async ({ effect }) => {
  proxy.inject({ effect });
  await expect(put(stored)).rejects.toThrow();
  expect(received).toEqual([]);
  await put(stored);
  expect(received).toHaveLength(1);
});

test("a request's byte is changed on its way, and no other", async () => {
  proxy.inject({ effect: { kind: "corrupt-request", atByte: 150_000 } });
  await put(stored);
  const changed = Buffer.from(stored);
  changed[150_000] = inverted(150_000);
  expect(received.map((body) => body.equals(changed))).toEqual([true]);
});

test("an answer in the server's place keeps the request from it", async () => {
  proxy.inject({ effect: { kind: "answer", status: 503, headers: { "retry-after": "1" }, body: "busy" }, times: 2 });
  for (const expected of [503, 503, 200]) expect((await put(stored)).statusCode).toBe(expected);
  expect(received).toHaveLength(1);
});

test("surplus bytes follow an answer that was complete", async () => {
  proxy.inject({ effect: { kind: "surplus-answer", bytes: 5 } });
  const client = connect(Number(new URL(proxy.endpoint).port), "127.0.0.1");
  client.write("GET /plain HTTP/1.1\r\nHost: x\r\n\r\n");
  let seen = Buffer.alloc(0);
  client.on("data", (piece) => {
    seen = Buffer.concat([seen, piece]);
  });
  const surplus = (): string => seen.subarray(seen.indexOf("\r\n\r\n") + 4 + stored.byteLength).toString();
  await expect.poll(surplus).toBe("xxxxx");
  client.destroy();
});

test("an answer that is held goes on where it stopped", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let reached = false;
  const hold = (): Promise<void> => {
    reached = true;
    return held;
  };
  proxy.inject({ effect: { kind: "hold-answer", afterBytes: 100, hold } });
  const answer = get("/plain");
  await expect.poll(() => reached).toBe(true);
  release();
  expect((await answer).bytes.equals(stored)).toBe(true);
});

test("a request that is held goes on where it stopped, unless the hold fails", async () => {
  proxy.inject({ effect: { kind: "hold-request", afterBytes: 100_000, hold: () => Promise.resolve() } });
  await put(stored);
  expect(received.map((body) => body.equals(stored))).toEqual([true]);
  const hold = (): Promise<void> => Promise.reject(new Error("enough"));
  proxy.inject({ effect: { kind: "hold-request", afterBytes: 100_000, hold } });
  await expect(put(stored)).rejects.toThrow();
  expect(received).toHaveLength(1);
});

test("an answer that is lost came from a server that did its work", async () => {
  proxy.inject({ effect: { kind: "lost-answer" } });
  await expect(put(stored)).rejects.toThrow();
  expect(received.map((body) => body.equals(stored))).toEqual([true]);
});

test("a stalled answer lasts until the client leaves", async () => {
  proxy.inject({ effect: { kind: "stall-answer", afterBytes: 10 } });
  const asked = request(`${proxy.endpoint}/plain`, { agent: false }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const [first] = (await once(response, "data")) as [Buffer];
  expect(first.byteLength).toBe(10);
  expect(proxy.open).toBe(1);
  asked.destroy();
  await expect.poll(() => proxy.open).toBe(0);
});

test("a fault waits for a request that it fits, and is used up", async () => {
  proxy.inject({ effect: { kind: "answer", status: 500 }, when: ({ target }) => target === "/chunked" });
  const statuses: number[] = [];
  for (const path of ["/plain", "/chunked", "/chunked"]) statuses.push((await get(path)).status);
  expect(statuses).toEqual([200, 500, 200]);
  expect(proxy.met).toBe(1);
});

test("a proxy that refuses is back under its address after a reset", async () => {
  await proxy.refuse();
  await expect(get("/plain")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await proxy.reset();
  expect((await get("/plain")).status).toBe(200);
});

function inverted(index: number): number {
  return (stored[index] ?? 0) ^ 0xff;
}

interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
  readonly ends: string;
}

async function get(path: string, agent: Agent | false = false): Promise<Answer> {
  const asked = request(`${proxy.endpoint}${path}`, { agent }).end();
  // Node 24 may tell of a reset here as well as in the body, when nobody waits for the answer any more.
  asked.on("error", () => undefined);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const pieces: Buffer[] = [];
  let ends = "whole";
  try {
    for await (const piece of response) pieces.push(piece as Buffer);
  } catch (error) {
    ends = (error as NodeJS.ErrnoException).code ?? "";
  }
  return { status: response.statusCode ?? 0, bytes: Buffer.concat(pieces), ends };
}

async function put(body: Buffer): Promise<IncomingMessage> {
  const asked = request(`${proxy.endpoint}/object`, { agent: false, method: "PUT" });
  asked.end(body);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.resume();
  return response;
}
