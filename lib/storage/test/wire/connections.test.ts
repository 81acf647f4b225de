import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { type Bench, benchWith, scratchFile } from "./client-under-test.ts";
import type { Script } from "./scripted-server.ts";

const polite: Script = async (peer, connection) => {
  for (;;) {
    await peer.head();
    peer.answer(String(connection));
  }
};

async function text(response: Promise<{ bytes(maxBytes: number): Promise<Uint8Array> }>): Promise<string> {
  return Buffer.from(await (await response).bytes(1000)).toString();
}

describe("a connection", () => {
  it("serves one request after the other", async () => {
    const bench = await benchWith(polite);
    for (let round = 0; round < 20; round += 1) expect(await text(bench.send())).toBe("1");
  });

  it("that served last serves first", async () => {
    const bench = await benchWith(polite);
    const [first, second] = await Promise.all([bench.send(), bench.send()]);
    const last = await text(Promise.resolve(second));
    const latest = await text(Promise.resolve(first));
    expect(new Set([last, latest])).toEqual(new Set(["1", "2"]));
    expect(bench.server.accepted).toBe(2);
    const again = await text(bench.send());
    expect(await text(bench.send())).toBe(again);
  });

  it("is not used again where the server closes it", async () => {
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.answer("x", "connection: close\r\n");
    });
    await text(bench.send());
    await text(bench.send());
    expect(bench.server.accepted).toBe(2);
  });

  it("is closed before the server's own time for it is up", async () => {
    const bench = await benchWith(async (peer) => {
      await peer.head();
      peer.answer("x", "keep-alive: timeout=2\r\n");
    });
    await text(bench.send());
    // The server would never close it.
    await bench.server.idle();
  });

  it.each([
    { name: "in the same packet", gap: false },
    { name: "a little later", gap: true },
  ])("with surplus bytes $name is closed, and they are nobody's response", async ({ gap }) => {
    const forged = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged";
    const bench = await benchWith(async (peer, connection) => {
      await peer.head();
      if (connection > 1) return peer.answer("genuine");
      if (!gap) return peer.say(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok${forged}`);
      peer.answer("ok");
      await new Promise((resolve) => setTimeout(resolve, 20));
      return peer.say(forged);
    });
    expect(await text(bench.send())).toBe("ok");
    await bench.server.idle();
    expect(await text(bench.send())).toBe("genuine");
  });

  it("that the server closed while it was idle costs no request", async () => {
    const bench = await benchWith(async (peer, connection) => {
      await peer.head();
      peer.answer(String(connection));
      if (connection === 1) peer.socket.end();
    });
    expect(await text(bench.send())).toBe("1");
    await bench.server.idle();
    expect(await text(bench.send())).toBe("2");
  });
});

/** The first connection dies when its second request comes, whatever follows is served once all of it is there. */
const dyingOnReuse: Script = async (peer, connection) => {
  const length = Number(/content-length: (\d+)/.exec(await peer.head())?.[1] ?? 0);
  if (length > 0) await peer.take(length);
  peer.answer(String(connection));
  await peer.head();
  if (connection === 1) peer.socket.resetAndDestroy();
  else peer.answer("again");
};

describe("a request on a connection that was just closing", () => {
  it.each([
    { name: "a GET", request: async () => await Promise.resolve({}) },
    {
      name: "a PUT of bytes",
      request: async () => await Promise.resolve({ method: "PUT", body: Buffer.from("hello") }),
    },
    {
      name: "a PUT of a file",
      request: async () => ({
        method: "PUT",
        body: { fd: (await scratchFile(Buffer.from("hello"))).fd, offset: 0, length: 5 },
      }),
    },
  ])("is sent once more if it is $name", async ({ request }) => {
    const bench = await benchWith(dyingOnReuse);
    await text(bench.send());
    expect(await text(bench.send(await request()))).toBe("2");
  });

  it.each([
    { name: "a POST", request: () => ({ method: "POST" }) },
    {
      name: "a write under a condition",
      request: () => ({ method: "PUT", body: Buffer.from("x"), headers: { "If-None-Match": "*" } }),
    },
    {
      name: "a body that is consumed",
      request: () => ({
        method: "PUT",
        body: (async function* () {
          yield await Promise.resolve(Buffer.from("hello"));
        })(),
      }),
    },
  ])("is not sent twice if it is $name", async ({ request }) => {
    const bench = await benchWith(dyingOnReuse);
    await text(bench.send());
    await expect(bench.send(request())).rejects.toMatchObject({ code: "unavailable" });
    expect(bench.server.accepted).toBe(1);
  });

  it("is not sent again after a byte of the response came", async () => {
    const bench = await benchWith(async (peer, connection) => {
      await peer.head();
      peer.answer(String(connection));
      await peer.head();
      peer.say("HTTP/1.1 2");
      peer.socket.end();
    });
    await text(bench.send());
    await expect(bench.send()).rejects.toMatchObject({ code: "unavailable" });
    expect(bench.server.accepted).toBe(1);
  });

  it("fails if the fresh connection dies too", async () => {
    const bench = await benchWith(async (peer, connection) => {
      await peer.head();
      if (connection > 1) {
        peer.socket.resetAndDestroy();
        return;
      }
      peer.answer("ok");
      await peer.head();
      peer.socket.resetAndDestroy();
    });
    await text(bench.send());
    await expect(bench.send()).rejects.toMatchObject({ code: "unavailable" });
    expect(bench.server.accepted).toBe(2);
  });
});

describe("the number of connections", () => {
  it("is bounded, and requests beyond it are served in the order they came", async () => {
    let most = 0;
    const bench = await benchWith(
      async (peer) => {
        for (;;) {
          await peer.head();
          most = Math.max(most, bench.server.open);
          await new Promise(setImmediate);
          peer.answer("x");
        }
      },
      { maxConnectionsPerOrigin: 3 },
    );
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const response = await bench.send();
        order.push(index);
        await response.discard();
      }),
    );
    expect(most).toBe(3);
    expect(bench.server.accepted).toBe(3);
    // Three at a time: nobody is overtaken by more than those beside it.
    for (const [place, index] of order.entries()) expect(Math.abs(place - index)).toBeLessThan(3);
  });

  it("counts a failed connection no longer", async () => {
    const bench = await benchWith(
      async (peer, connection) => {
        await peer.head();
        if (connection < 4) peer.socket.resetAndDestroy();
        else peer.answer("x");
      },
      { maxConnectionsPerOrigin: 1 },
    );
    const settled = await Promise.allSettled(Array.from({ length: 4 }, async () => await text(bench.send())));
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "fulfilled"]);
  });
});

describe("a closed client", () => {
  it("has closed its idle connections and refuses requests", async () => {
    const bench = await benchWith(polite);
    await text(bench.send());
    await bench.client.close();
    await bench.server.idle();
    await expect(bench.send()).rejects.toMatchObject({ code: "failed_precondition" });
  });

  it("finishes what is under way, and refuses whoever waits", async () => {
    let answer: () => void = () => undefined;
    const bench = await benchWith(
      async (peer) => {
        await peer.head();
        answer = () => peer.answer("late");
      },
      { maxConnectionsPerOrigin: 1 },
    );
    const first = bench.send();
    const second = bench.send();
    await expect.poll(() => bench.server.accepted).toBe(1);
    await bench.client.close();
    await expect(second).rejects.toMatchObject({ code: "failed_precondition" });
    const timer = setInterval(() => answer(), 5);
    expect(await text(first)).toBe("late");
    clearInterval(timer);
    await bench.server.idle();
  });
});

describe("a client that is sent to hundreds of hosts", () => {
  /** Nobody listens there, which is told at once. */
  const visitOthers = async (send: Bench["send"]): Promise<void> => {
    for (let host = 1; host <= 300; host += 1) {
      const origin = `http://127.7.${host >> 8}.${host & 255}:1`;
      await expect(send({ origin })).rejects.toMatchObject({ code: "unavailable" });
    }
  };

  it("keeps no connection that nobody uses", async () => {
    const bench = await benchWith(polite);
    expect(await text(bench.send())).toBe("1");
    await visitOthers(bench.send);
    expect(await text(bench.send())).toBe("2");
  });

  it("leaves alone what is under way, and counts it as before", async () => {
    let answer: () => void = () => undefined;
    const bench = await benchWith(
      async (peer, connection) => {
        await peer.head();
        if (connection === 1) {
          await new Promise<void>((resolve) => {
            answer = resolve;
          });
        }
        peer.answer(String(connection));
        await peer.head();
        peer.answer("again");
      },
      { maxConnectionsPerOrigin: 1 },
    );
    const slow = text(bench.send());
    await visitOthers(bench.send);
    const next = text(bench.send());
    answer();
    expect([await slow, await next]).toEqual(["1", "again"]);
    expect(bench.server.accepted).toBe(1);
  });
});
