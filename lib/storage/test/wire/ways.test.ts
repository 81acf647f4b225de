import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { createWireClient } from "../../src/wire/client.ts";
import { benchWith, failureOf } from "./client-under-test.ts";
import { serverIdentity } from "./identity.ts";
import { type Script, startScripted } from "./scripted-server.ts";

const identity = serverIdentity();
const polite: Script = async (peer) => {
  for (;;) {
    await peer.head();
    peer.answer("hello");
  }
};

describe("a TLS server", () => {
  it("is believed if the configured authority vouches for it", async () => {
    const bench = await benchWith(polite, { ca: identity.ca }, identity);
    await expect((await bench.send()).bytes(5)).resolves.toHaveLength(5);
  });

  it("nobody vouches for is failed_precondition, and the connection closed", async () => {
    const bench = await benchWith(polite, {}, identity);
    const error = await failureOf(bench.send());
    expect(error.code).toBe("failed_precondition");
    expect(error.message).toContain("certificate is not trusted");
    await bench.server.idle();
  });

  it("with another name in its certificate is failed_precondition", async () => {
    const other = serverIdentity("DNS:other.test");
    const bench = await benchWith(polite, { ca: other.ca }, other);
    await expect(bench.send()).rejects.toMatchObject({ code: "failed_precondition" });
  });

  it("that speaks no TLS is unavailable", async () => {
    const bench = await benchWith((peer) => peer.say("HTTP/1.1 400 Bad Request\r\n\r\n"), { ca: identity.ca });
    const origin = bench.server.origin.replace("http:", "https:");
    await expect(bench.send({ origin })).rejects.toMatchObject({ code: "unavailable" });
    await bench.server.idle();
  });

  it("is greeted with the session of the connection before", async () => {
    const resumed: boolean[] = [];
    const bench = await benchWith(
      async (peer) => {
        resumed.push((peer.socket as unknown as { isSessionReused(): boolean }).isSessionReused());
        await peer.head();
        peer.answer("hello", "connection: close\r\n");
      },
      { ca: identity.ca },
      identity,
    );
    for (let round = 0; round < 2; round += 1) await (await bench.send()).discard();
    expect(resumed).toEqual([false, true]);
  });

  it("an authority that is no PEM is refused when the client is made", () => {
    expect(() => createWireClient({ writes: "sync", ca: "hello" })).toThrow("PEM");
  });
});

/** Notes what it was asked, then tunnels to `port` or answers `refusal`. */
function tunnelling(port: number, asked: string[], refusal?: string): Script {
  return async (peer) => {
    asked.push(await peer.head());
    if (refusal !== undefined) {
      peer.say(refusal);
      return;
    }
    peer.socket.removeAllListeners("data");
    const onward = connect(port, "127.0.0.1");
    onward.on("error", () => undefined);
    peer.say("HTTP/1.1 200 Connection established\r\n\r\n");
    peer.socket.pipe(onward).pipe(peer.socket);
    onward.once("close", () => peer.socket.destroy());
    peer.socket.once("close", () => onward.destroy());
  };
}

describe("a proxy", () => {
  it("of an http origin gets the whole URL and the credentials, and serves more than one request", async () => {
    const asked: string[] = [];
    const bench = await benchWith(async (peer) => {
      for (;;) {
        asked.push(await peer.head());
        peer.answer("by proxy");
      }
    });
    const client = createWireClient({
      writes: "sync",
      proxy: { http: `http://me:secret@127.0.0.1:${bench.server.port}` },
    });
    for (let round = 0; round < 2; round += 1) {
      const response = await client.send({ method: "GET", origin: "http://store.test", target: "/a?b", headers: {} });
      expect(Buffer.from(await response.bytes(10)).toString()).toBe("by proxy");
    }
    await client.close();
    expect(bench.server.accepted).toBe(1);
    expect(asked[0]).toBe(
      `GET http://store.test/a?b HTTP/1.1\r\nhost: store.test\r\nproxy-authorization: Basic ${btoa("me:secret")}\r\n\r\n`,
    );
  });

  it("of an https origin tunnels, and the origin sees neither its credentials nor another target", async () => {
    const seen: string[] = [];
    const store = await benchWith(
      async (peer) => {
        for (;;) {
          seen.push(await peer.head());
          peer.answer("x".repeat(100_000));
        }
      },
      {},
      identity,
    );
    const asked: string[] = [];
    const proxy = await benchWith(tunnelling(store.server.port, asked));
    const client = createWireClient({
      writes: "sync",
      ca: identity.ca,
      proxy: { https: `http://me:secret@127.0.0.1:${proxy.server.port}` },
    });
    for (let round = 0; round < 2; round += 1) {
      const response = await client.send({ method: "GET", origin: "https://store.test", target: "/a?b", headers: {} });
      expect(await response.bytes(100_000)).toHaveLength(100_000);
    }
    await client.close();
    await store.server.idle();
    await proxy.server.idle();
    expect(asked).toEqual([
      `CONNECT store.test:443 HTTP/1.1\r\nhost: store.test:443\r\nproxy-authorization: Basic ${btoa("me:secret")}\r\n\r\n`,
    ]);
    expect(seen).toEqual(Array.from({ length: 2 }, () => "GET /a?b HTTP/1.1\r\nhost: store.test\r\n\r\n"));
  });

  it("may itself be reached over TLS", async () => {
    const store = await benchWith(polite, {}, identity);
    const proxy = await startScripted(tunnelling(store.server.port, []), identity);
    const client = createWireClient({
      writes: "sync",
      ca: identity.ca,
      proxy: { https: proxy.origin },
    });
    const response = await client.send({ method: "GET", origin: "https://store.test", target: "/", headers: {} });
    expect(Buffer.from(await response.bytes(5)).toString()).toBe("hello");
    await client.close();
    await proxy.idle();
    await proxy.close();
  });

  it.each([
    { name: "wants credentials", refusal: "HTTP/1.1 407 x\r\n\r\n", code: "failed_precondition" },
    { name: "does not allow the target", refusal: "HTTP/1.1 403 x\r\n\r\n", code: "failed_precondition" },
    { name: "cannot reach the target", refusal: "HTTP/1.1 502 x\r\n\r\n", code: "unavailable" },
    { name: "speaks for the target", refusal: "HTTP/1.1 200 x\r\n\r\nhello", code: "unavailable" },
    { name: "is no proxy", refusal: "220 mail\r\n\r\n", code: "unavailable" },
  ])("that $name is $code, without its credentials in the message", async ({ refusal, code }) => {
    const proxy = await benchWith(tunnelling(0, [], refusal));
    const client = createWireClient({ writes: "sync", proxy: { https: `me:secret@127.0.0.1:${proxy.server.port}` } });
    const sent = client.send({ method: "GET", origin: "https://store.test", target: "/", headers: {} });
    const error = await failureOf(sent);
    expect(error.code).toBe(code);
    expect(error.message).not.toContain("secret");
    await proxy.server.idle();
  });

  it("is not used for an origin it is to leave out", async () => {
    const proxy = await benchWith(polite);
    const store = await benchWith(polite, { proxy: { http: proxy.server.origin, no: "127.0.0.1" } });
    await (await store.send()).discard();
    expect([proxy.server.accepted, store.server.accepted]).toEqual([0, 1]);
  });
});

describe("a request that cannot be written", () => {
  it.each([
    { name: "a line end in a header", changes: { headers: { x: "a\r\nb: c" } } },
    { name: "a target that is a URL", changes: { target: "http://other/" } },
    { name: "an origin with a path", changes: { origin: "http://store/a" } },
  ])("for $name is invalid_argument before anything is opened", async ({ changes }) => {
    const bench = await benchWith(polite);
    await expect(bench.send(changes)).rejects.toMatchObject({ code: "invalid_argument" });
    expect(bench.server.accepted).toBe(0);
  });
});
