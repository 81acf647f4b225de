import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { benchWith, pattern, scratchFile } from "./client-under-test.ts";
import { serverIdentity } from "./identity.ts";
import type { ScriptedPeer } from "./scripted-server.ts";

const size = 2_500_003;
const content = pattern(size);

/** Frames `content` as chunks of changing sizes. */
function inChunks(): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0, step = 1; at < size; step = (step * 7) % 90_001) {
    const chunk = content.subarray(at, at + step + 1);
    pieces.push(Buffer.from(`${chunk.length.toString(16)};x=y\r\n`), chunk, Buffer.from("\r\n"));
    at += chunk.length;
  }
  return Buffer.concat([...pieces, Buffer.from("0\r\nx-sum: 1\r\n\r\n")]);
}

const framings = [
  { framing: "a length", head: `HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`, bytes: content, ends: false },
  { framing: "chunks", head: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", bytes: inChunks(), ends: false },
  { framing: "the end of the connection", head: "HTTP/1.0 200 OK\r\n\r\n", bytes: content, ends: true },
];

async function serve(peer: ScriptedPeer, head: string, bytes: Buffer, ends: boolean): Promise<void> {
  for (;;) {
    await peer.head();
    peer.say(head);
    peer.say(bytes);
    if (ends) peer.socket.end();
  }
}

describe.each(["plain", "tls"] as const)("over %s", (transport) => {
  describe.each(["sync", "async"] as const)("with %s writes", (writes) => {
    const tls = transport === "tls" ? serverIdentity() : undefined;
    const options = { writes, ...(tls && { ca: tls.ca }) };

    it.each(framings)("a body framed by $framing arrives in a file, byte for byte", async ({ head, bytes, ends }) => {
      const { send } = await benchWith((peer) => serve(peer, head, bytes, ends), options, tls);
      const file = await scratchFile();
      let seen = 0;
      const response = await send();
      const saved = await response.toFile({
        fd: file.fd,
        position: 10,
        onChunk: (chunk) => {
          seen += chunk.byteLength;
        },
      });
      expect([saved, seen]).toEqual([size, size]);
      expect((await file.content()).subarray(10).equals(content)).toBe(true);
    });

    it.each(framings)("a body framed by $framing is iterated, byte for byte", async ({ head, bytes, ends }) => {
      const { send } = await benchWith((peer) => serve(peer, head, bytes, ends), options, tls);
      const chunks: Uint8Array[] = [];
      for await (const chunk of (await send()).body) {
        chunks.push(Uint8Array.from(chunk));
        // A slow reader: what is lent must not change meanwhile, though more keeps coming.
        if (chunks.length % 4 === 0) await new Promise(setImmediate);
        expect(Buffer.from(chunk).equals(chunks.at(-1) ?? Buffer.alloc(0))).toBe(true);
      }
      expect(Buffer.concat(chunks).equals(content)).toBe(true);
    });

    it.each(framings)("a body framed by $framing is collected", async ({ head, bytes, ends }) => {
      const { send } = await benchWith((peer) => serve(peer, head, bytes, ends), options, tls);
      expect(Buffer.from(await (await send()).bytes(size)).equals(content)).toBe(true);
    });

    it("one connection serves bodies of all sizes after one another", async () => {
      const bench = await benchWith(
        async (peer) => {
          for (;;) {
            const wanted = Number(/^GET \/([0-9]+)/.exec(await peer.head())?.[1]);
            peer.say(`HTTP/1.1 200 OK\r\ncontent-length: ${wanted}\r\n\r\n`);
            peer.say(content.subarray(0, wanted));
          }
        },
        options,
        tls,
      );
      const file = await scratchFile();
      for (const wanted of [0, 1, 4096, 4097, 65_536, 131_072, 524_288, 524_289, 2_000_000, 0]) {
        const response = await bench.send({ target: `/${wanted}` });
        expect(response.length).toBe(wanted);
        expect(await response.toFile({ fd: file.fd, position: 0 })).toBe(wanted);
        expect((await file.content()).subarray(0, wanted).equals(content.subarray(0, wanted))).toBe(true);
      }
      expect(bench.server.accepted).toBe(1);
    });

    it.each([
      { name: "bytes in memory", source: async () => await Promise.resolve(content) },
      {
        name: "a slice of a file",
        source: async () => ({ fd: (await scratchFile(content)).fd, offset: 0, length: size }),
      },
      {
        name: "an iterable of known length",
        length: size,
        source: async function* () {
          yield await Promise.resolve(content.subarray(0, 3));
          yield new Uint8Array(0);
          yield content.subarray(3);
        },
      },
    ])("$name arrive at the server, byte for byte", async ({ source, length }) => {
      let received = "";
      let head = "";
      const bench = await benchWith(
        async (peer) => {
          head = await peer.head();
          received = await peer.take(size);
          peer.answer("thanks");
        },
        options,
        tls,
      );
      const made = source();
      const body = Symbol.asyncIterator in made ? made : await made;
      const response = await bench.send({ method: "PUT", body, ...(length !== undefined && { length }) });
      expect(Buffer.from(await response.bytes(10)).toString()).toBe("thanks");
      expect(head).toContain(`content-length: ${size}\r\n`);
      expect(Buffer.from(received, "latin1").equals(content)).toBe(true);
    });
  });
});

it("an iterable of unknown length goes out in chunks", async () => {
  let sent = "";
  const { send } = await benchWith(async (peer) => {
    sent = await peer.head();
    sent += await peer.take(30);
    peer.answer("");
  });
  async function* words(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from("hello"));
    yield Buffer.alloc(0);
    yield Buffer.from("0123456789");
  }
  await (await send({ method: "PUT", body: words() })).discard();
  expect(sent).toContain("transfer-encoding: chunked\r\n");
  expect(sent.slice(-30)).toBe("5\r\nhello\r\na\r\n0123456789\r\n0\r\n\r\n");
});

it("a reader that takes nothing makes the server wait, however much it has to send", async () => {
  let sent = 0;
  let stalled: () => void = () => undefined;
  const whenStalled = new Promise<void>((resolve) => {
    stalled = resolve;
  });
  const piece = Buffer.alloc(1024 * 1024);
  const total = 256 * piece.length;
  const bench = await benchWith(async (peer) => {
    await peer.head();
    peer.say(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
    while (sent < total) {
      sent += piece.length;
      if (peer.socket.write(piece)) continue;
      // The kernel's buffers hold some megabytes; a piece that waits for longer waits for the reader.
      const drained = new Promise<boolean>((resolve) => peer.socket.once("drain", () => resolve(true)));
      const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300));
      if (!(await Promise.race([drained, late]))) stalled();
      await drained;
    }
  });
  const response = await bench.send();
  await whenStalled;
  // Kernel buffers of both ends, and ours.
  expect(sent).toBeLessThan(64 * piece.length);
  let received = 0;
  for await (const chunk of response.body) received += chunk.byteLength;
  expect(received).toBe(total);
});

describe("a body is taken once", () => {
  it("a second way to take it is refused", async () => {
    const { send } = await benchWith(async (peer) => {
      await peer.head();
      peer.answer("hello");
    });
    const response = await send();
    await response.bytes(5);
    await expect(response.bytes(5)).rejects.toMatchObject({ code: "failed_precondition" });
  });

  it("more than the reader allows is refused, and the connection closed", async () => {
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.say(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\nhello`);
    });
    await expect((await bench.send()).bytes(4)).rejects.toMatchObject({ code: "resource_exhausted" });
    await bench.server.idle();
  });

  it("leaving a large body early closes the connection", async () => {
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.say(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
      peer.say(content);
    });
    for await (const chunk of (await bench.send()).body) {
      expect(chunk.byteLength).toBeGreaterThan(0);
      break;
    }
    await bench.server.idle();
  });

  it("discarding a small body keeps the connection", async () => {
    const bench = await benchWith(async (peer) => {
      for (;;) {
        await peer.head();
        peer.answer("hello");
      }
    });
    await (await bench.send()).discard();
    await (await bench.send()).discard();
    expect(bench.server.accepted).toBe(1);
  });
});
