import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { benchWith, scratchFile } from "./client-under-test.ts";
import type { Script } from "./scripted-server.ts";

const big = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nhello";

const silence: Script = () => undefined;

describe("an abort ends the exchange at once and leaves no socket", () => {
  it("before the request is sent", async () => {
    const bench = await benchWith(() => undefined);
    await expect(bench.send({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "canceled" });
    expect(bench.server.accepted).toBe(0);
  });

  it.each([
    { name: "while the TLS handshake is under way", tls: true, script: silence },
    { name: "while the head is awaited", tls: false, script: silence },
    {
      name: "while the head is incomplete",
      tls: false,
      script: (async (peer) => {
        await peer.head();
        peer.say("HTTP/1.1 200");
      }) satisfies Script,
    },
  ])("$name", async ({ tls, script }) => {
    const cancel = new AbortController();
    const bench = await benchWith((peer, connection) => {
      setImmediate(() => cancel.abort());
      return script(peer, connection);
    });
    const origin = tls ? bench.server.origin.replace("http:", "https:") : bench.server.origin;
    await expect(bench.send({ origin, signal: cancel.signal })).rejects.toMatchObject({ code: "canceled" });
    await bench.server.idle();
  });

  it("while the name is looked up", async () => {
    const bench = await benchWith(() => undefined);
    const cancel = new AbortController();
    const sent = bench.send({ origin: "http://slow.invalid:1", signal: cancel.signal });
    cancel.abort();
    await expect(sent).rejects.toMatchObject({ code: "canceled" });
  });

  it("while the body is sent", async () => {
    const cancel = new AbortController();
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.socket.pause();
      cancel.abort();
    });
    const sent = bench.send({ method: "PUT", body: Buffer.alloc(64 * 1024 * 1024), signal: cancel.signal });
    await expect(sent).rejects.toMatchObject({ code: "canceled" });
  });

  it("while the producer of the body is silent", async () => {
    const cancel = new AbortController();
    const bench = await benchWith(async (peer) => {
      await peer.head();
      cancel.abort();
    });
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield await new Promise<never>(() => undefined);
    }
    await expect(bench.send({ method: "PUT", body: silent(), signal: cancel.signal })).rejects.toMatchObject({
      code: "canceled",
    });
    await bench.server.idle();
  });

  it.each(["toFile", "bytes", "body"] as const)("while the response's body is awaited by %s", async (way) => {
    const cancel = new AbortController();
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.say(big);
    });
    const response = await bench.send({ signal: cancel.signal });
    const { fd } = await scratchFile();
    const taken = {
      toFile: async () => await response.toFile({ fd, position: 0 }),
      bytes: async () => await response.bytes(1_000_000),
      body: async () => {
        for await (const chunk of response.body) expect(chunk.byteLength).toBe(5);
      },
    }[way]();
    setImmediate(() => cancel.abort());
    await expect(taken).rejects.toMatchObject({ code: "canceled" });
    await bench.server.idle();
  });

  it("while nobody has asked for the response's body yet", async () => {
    const cancel = new AbortController();
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.say(big);
    });
    const response = await bench.send({ signal: cancel.signal });
    cancel.abort();
    await bench.server.idle();
    await expect(response.bytes(10)).rejects.toMatchObject({ code: "canceled" });
  });

  it("while it waits for its turn, and the next in line is served", async () => {
    let release: () => void = () => undefined;
    const bench = await benchWith(
      async (peer) => {
        for (;;) {
          await peer.head();
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          peer.answer("ok");
        }
      },
      { maxConnectionsPerOrigin: 1 },
    );
    const cancel = new AbortController();
    const first = bench.send();
    const second = bench.send({ signal: cancel.signal });
    const third = bench.send();
    cancel.abort();
    await expect(second).rejects.toMatchObject({ code: "canceled" });
    await expect.poll(() => bench.server.accepted).toBe(1);
    for (const response of [first, third]) {
      const timer = setInterval(() => release(), 5);
      await (await response).discard();
      clearInterval(timer);
    }
    expect(bench.server.accepted).toBe(1);
  });

  it("with the code of a time limit where that was the reason", async () => {
    const bench = await benchWith(() => undefined);
    const sent = bench.send({ signal: AbortSignal.timeout(50) });
    await expect(sent).rejects.toMatchObject({ code: "deadline_exceeded" });
    await bench.server.idle();
  });
});

it("an abort after the last byte leaves the connection to the next request", async () => {
  const cancel = new AbortController();
  const bench = await benchWith(async (peer) => {
    for (;;) {
      await peer.head();
      peer.answer("hello");
    }
  });
  await (await bench.send({ signal: cancel.signal })).bytes(5);
  cancel.abort();
  await (await bench.send()).bytes(5);
  expect(bench.server.accepted).toBe(1);
});
