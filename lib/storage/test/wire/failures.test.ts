import { Buffer } from "node:buffer";
import { closeSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { createWireClient } from "../../src/wire/client.ts";
import { benchWith, failureOf, pattern, scratchFile } from "./client-under-test.ts";
import { serverIdentity } from "./identity.ts";
import type { Script } from "./scripted-server.ts";

const quick = { connectTimeoutMs: 300, firstByteTimeoutMs: 300, idleTimeoutMs: 300 };

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("a peer that cannot be reached", () => {
  it("is unavailable when it refuses the connection, and the message names host and port but no query", async () => {
    const client = createWireClient({ writes: "sync" });
    const port = await closedPort();
    const sent = client.send({
      method: "GET",
      origin: `http://127.0.0.1:${port}`,
      target: "/a?sig=secret",
      headers: {},
    });
    expect(await failureOf(sent)).toMatchObject({
      code: "unavailable",
      message: `127.0.0.1:${port}: the connection was refused`,
    });
  });

  it("is unavailable when its name is unknown", async () => {
    const client = createWireClient({ writes: "sync" });
    const sent = client.send({ method: "GET", origin: "http://nobody.invalid", target: "/", headers: {} });
    await expect(sent).rejects.toMatchObject({ code: "unavailable" });
  });

  it("is unavailable when the handshake takes too long, and its socket is closed", async () => {
    const bench = await benchWith(() => undefined, quick);
    const sent = bench.send({ origin: bench.server.origin.replace("http:", "https:") });
    const error = await failureOf(sent);
    expect([error.code, error.message]).toEqual([
      "unavailable",
      `127.0.0.1:${bench.server.port}: no connection within 300 ms`,
    ]);
    await bench.server.idle();
  });
});

/** Answers each request with `text` and then does `after`. */
function saying(text: string, after: "keep" | "end" | "reset" = "keep"): Script {
  return async (peer) => {
    await peer.head();
    peer.say(text);
    if (after === "end") peer.socket.end();
    if (after === "reset") setImmediate(() => peer.socket.resetAndDestroy());
  };
}

describe("before a response is there", () => {
  it.each([
    { name: "says nothing", script: saying(""), says: "no whole head" },
    { name: "stops within the head", script: saying("HTTP/1.1 200 OK\r\nx:"), says: "no whole head" },
    { name: "hangs up without a word", script: saying("", "end"), says: "before it answered" },
    { name: "hangs up within the head", script: saying("HTTP/1.1 200 OK\r\n", "end"), says: "within the head" },
    { name: "resets the connection", script: saying("", "reset"), says: "reset" },
    { name: "answers what is not HTTP", script: saying("220 mail ready\r\n"), says: "status line" },
    {
      name: "answers two lengths",
      script: saying("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"),
      says: "more than one",
    },
  ])("a peer that $name is unavailable and the connection closed", async ({ script, says }) => {
    const bench = await benchWith(script, quick);
    const error = await failureOf(bench.send());
    expect(error.code).toBe("unavailable");
    expect(error.message).toMatch(new RegExp(`^127\\.0\\.0\\.1:${bench.server.port}: .*${says}`));
    await bench.server.idle();
  });

  it("a head that drips is given up although something always moves", async () => {
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.say("HTTP/1.1 200 OK\r\n");
      const drip = setInterval(() => peer.say("x: y\r\n"), 20);
      peer.socket.once("close", () => clearInterval(drip));
    }, quick);
    await expect(bench.send()).rejects.toMatchObject({ code: "unavailable" });
    await bench.server.idle();
  });
});

it("a request whose answer comes late is given the time for it, and another is not", async () => {
  const script: Script = async (peer) => {
    await peer.head();
    setTimeout(() => peer.answer("late"), 400);
  };
  const bench = await benchWith(script, { ...quick, firstByteTimeoutMs: 100, lateAnswerTimeoutMs: 60_000 });
  await expect(bench.send()).rejects.toMatchObject({ code: "unavailable" });
  const late = await bench.send({ answersLate: true });
  expect(Buffer.from(await late.bytes(10)).toString()).toBe("late");
});

it("limits longer than a timer holds let a peer take its time", async () => {
  const script: Script = async (peer) => {
    await peer.head();
    setTimeout(() => peer.answer("late"), 20);
  };
  const months = 90 * 24 * 60 * 60 * 1000;
  const bench = await benchWith(script, {
    connectTimeoutMs: months,
    firstByteTimeoutMs: months,
    idleTimeoutMs: months,
  });
  expect(Buffer.from(await (await bench.send()).bytes(10)).toString()).toBe("late");
});

const announced = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nhello";

describe.each(["sync", "async"] as const)("within a body, with %s writes", (writes) => {
  it.each([
    { name: "hangs up", script: saying(announced, "end"), says: "999995 bytes before" },
    { name: "falls silent", script: saying(announced), says: "nothing moved" },
    {
      name: "breaks the chunks",
      script: saying("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"),
      says: "chunk size",
    },
    {
      name: "hangs up before the last chunk",
      script: saying("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", "end"),
      says: "last chunk",
    },
  ])("a peer that $name is unavailable, and what came before is in the file", async ({ script, says }) => {
    const bench = await benchWith(script, { ...quick, writes });
    const file = await scratchFile();
    const response = await bench.send();
    const error = await failureOf(response.toFile({ fd: file.fd, position: 0 }));
    expect(error.code).toBe("unavailable");
    expect(error.message).toMatch(new RegExp(`^127\\.0\\.0\\.1:${bench.server.port}: .*${says}`));
    // What comes in one read with something broken is not passed on.
    if (says !== "chunk size") expect((await file.content()).toString()).toBe("hello");
    await bench.server.idle();
  });

  it("a full disk is resource_exhausted, and the connection closed", async () => {
    const bench = await benchWith(saying(announced + "x".repeat(300_000)), { writes });
    const fd = openSync("/dev/full", "w");
    try {
      const response = await bench.send();
      await expect(response.toFile({ fd, position: 0 })).rejects.toMatchObject({ code: "resource_exhausted" });
    } finally {
      closeSync(fd);
    }
    await bench.server.idle();
  });

  it("what a watcher of the chunks throws is passed on, and the connection closed", async () => {
    const bench = await benchWith(saying(announced + "x".repeat(300_000)), { writes });
    const file = await scratchFile();
    const failure = new RangeError("enough");
    const saved = (await bench.send()).toFile({
      fd: file.fd,
      position: 0,
      onChunk: () => {
        throw failure;
      },
    });
    await expect(saved).rejects.toBe(failure);
    await bench.server.idle();
  });
});

describe("a request's body", () => {
  async function* pieces(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
    for (const size of sizes) yield await Promise.resolve(Buffer.alloc(size));
  }
  const swallow: Script = (peer) => {
    peer.socket.resume();
  };

  it.each([
    { name: "shorter", sizes: [10, 5] },
    { name: "longer", sizes: [10, 11] },
  ])("that is $name than announced is data_loss, and the connection closed", async ({ sizes }) => {
    const bench = await benchWith(swallow);
    const sent = bench.send({ method: "PUT", body: pieces(...sizes), length: 20 });
    await expect(sent).rejects.toMatchObject({ code: "data_loss" });
    await bench.server.idle();
  });

  it.each(["sync", "async"] as const)("from a file that shrinks is data_loss, with %s reads", async (writes) => {
    const bench = await benchWith(swallow, { writes });
    const { fd } = await scratchFile(pattern(1000));
    const sent = bench.send({ method: "PUT", body: { fd, offset: 500, length: 600 } });
    await expect(sent).rejects.toMatchObject({ code: "data_loss", origin: "user" });
    await bench.server.idle();
  });

  it("whose producer fails rejects with the producer's own error, and the connection closes", async () => {
    const bench = await benchWith(swallow);
    const failure = new RangeError("no more");
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.alloc(10));
      throw failure;
    }
    await expect(bench.send({ method: "PUT", body: broken() })).rejects.toBe(failure);
    await bench.server.idle();
  });

  it("that the peer does not take in is unavailable once nothing moves", async () => {
    const bench = await benchWith((peer) => {
      peer.socket.pause();
    }, quick);
    const sent = bench.send({ method: "PUT", body: Buffer.alloc(64 * 1024 * 1024) });
    const error = await failureOf(sent);
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain("nothing moved");
  });

  it("whose producer takes its time is no silence of the peer", async () => {
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.answer(await peer.take(25));
    }, quick);
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("hello");
      await new Promise((resolve) => setTimeout(resolve, 900));
      yield Buffer.from("world");
    }
    const response = await bench.send({ method: "PUT", body: slow() });
    expect(Buffer.from(await response.bytes(100)).toString()).toContain("world");
  });

  it.each([
    { name: "refusal", status: 403 },
    { name: "request for patience", status: 503 },
  ])("is not sent to its end when the answer is there: $name", async ({ status }) => {
    let given = 0;
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.say(`HTTP/1.1 ${status} no\r\ncontent-length: 2\r\n\r\nno`);
    });
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += 1;
        yield Buffer.alloc(65_536);
        await new Promise(setImmediate);
      }
    }
    const response = await bench.send({ method: "PUT", body: endless() });
    expect(response.status).toBe(status);
    expect(Buffer.from(await response.bytes(10)).toString()).toBe("no");
    await bench.server.idle();
    expect(given).toBeGreaterThan(0);
  });

  const large = pattern(40_000_000);
  async function* largePieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < large.byteLength; at += 65_536) yield await Promise.resolve(large.subarray(at, at + 65_536));
  }

  it.each([
    { name: "bytes", body: () => large },
    { name: "a file", body: async () => ({ fd: (await scratchFile(large)).fd, offset: 0, length: large.byteLength }) },
    { name: "an iterable", body: largePieces },
    { name: "bytes that wait for consent", body: () => large, headers: { expect: "100-continue" } },
  ])("is unavailable where success is told before the peer had it all: $name", async ({ body, headers = {} }) => {
    let readOn: () => void = () => undefined;
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.socket.pause();
      readOn = () => peer.socket.resume();
      peer.answer("stored");
    });
    const error = await failureOf(bench.send({ method: "PUT", body: await body(), headers }));
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain("answered 200 before the body had left");
    readOn();
    await bench.server.idle();
  });

  it("is canceled where its caller gives up while an early success is held to be too good", async () => {
    const stop = new AbortController();
    let readOn: () => void = () => undefined;
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.socket.pause();
      readOn = () => peer.socket.resume();
      peer.say("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n");
      stop.abort();
    });
    const error = await failureOf(bench.send({ method: "PUT", body: large, signal: stop.signal }));
    expect(error.code).toBe("canceled");
    readOn();
    await bench.server.idle();
  });

  it.each(["plain", "tls"] as const)(
    "is believed and its connection kept where the answer comes with its last byte, over %s",
    async (transport) => {
      const tls = transport === "tls" ? serverIdentity() : undefined;
      const sizes = [0, 1, 65_536, 65_537, 1_048_576, 1_048_577, 9_000_000];
      const bench = await benchWith(
        async (peer) => {
          for (;;) {
            const length = Number(/content-length: (\d+)/.exec(await peer.head())?.[1]);
            if (length > 0) await peer.take(length);
            peer.answer("stored");
          }
        },
        { writes: "async", ...(tls && { ca: tls.ca }) },
        tls,
      );
      for (const size of sizes) {
        const bytes = large.subarray(0, size);
        const { fd } = await scratchFile(bytes);
        const iterable = (async function* () {
          yield await Promise.resolve(bytes);
        })();
        for (const body of [bytes, { fd, offset: 0, length: size }, iterable]) {
          const response = await bench.send({ method: "PUT", body, length: size });
          expect(Buffer.from(await response.bytes(10)).toString()).toBe("stored");
        }
      }
      expect(bench.server.accepted).toBe(1);
    },
  );

  it("waits for consent where the request asks for it, and is not sent after a refusal", async () => {
    let received = "";
    const bench = await benchWith(async (peer, connection) => {
      await peer.head();
      if (connection === 1) {
        peer.say("HTTP/1.1 100 Continue\r\n\r\n");
        received = await peer.take(5);
        peer.say("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      } else {
        peer.say("HTTP/1.1 417 no\r\ncontent-length: 0\r\n\r\n");
        await peer.take(1).then(
          () => {
            received = "sent against the server's will";
          },
          () => undefined,
        );
      }
    });
    const request = { method: "PUT", headers: { expect: "100-continue" }, body: Buffer.from("hello") };
    await (await bench.send(request)).discard();
    expect(received).toBe("hello");
    expect((await bench.send(request)).status).toBe(417);
    await bench.server.idle();
    expect(received).toBe("hello");
  });
});
