/** Files from web addresses, as a process with its environment gets them from a real server. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type FaultProxy, type Nginx, startFaultProxy, startNginx } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { expectBytes, someBytes } from "../../src/conformance/index.ts";
import { createStores, type Stores } from "../../src/index.ts";
import type { NetworkOptions } from "../../src/network.ts";
import { givenProgram } from "./given-programs.ts";
import { realClock } from "./real-clock.ts";

const bytes = someBytes(300_000);
const refused = [400, 401, 403, 404, 410, 418, 429, 500, 502, 503] as const;

let nginx: Nginx;
let proxy: FaultProxy;
let stores: Stores | undefined;
beforeAll(async () => {
  const statuses = refused.map((status) => `location = /${status} { return ${status}; }`);
  const circle = "location = /circle { return 302 $scheme://$http_host/circle; }";
  const locations = [...statuses, circle].join(" ");
  nginx = await startNginx({ program: givenProgram("nginx"), locations, files: { object: bytes } });
  proxy = await startFaultProxy(nginx.endpoint);
});
afterEach(async () => {
  await stores?.close();
  await proxy.reset();
});
afterAll(async () => {
  await proxy.close();
  await nginx.stop();
});

function storesWith(env: Readonly<Record<string, string>>, limits: NetworkOptions["limits"] = {}): Stores {
  // Two attempts, so that what is given up is given up soon.
  const retry = { attempts: 2, baseMs: 1, maxMs: 2 };
  stores = createStores({ clock: realClock, network: { env, writes: "async", limits }, retry });
  return stores;
}

async function read(from: Stores, address: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await from.web(address)).body) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

describe("a web server", () => {
  it.each(refused)("that answers %i fails with that status and no query [copilot B46]", async (status) => {
    const failed = read(storesWith({}), `${proxy.endpoint}/${status}?sig=hidden`);
    await expect(failed).rejects.toMatchObject({
      ref: `${proxy.endpoint}/${status}`,
      message: expect.stringMatching(new RegExp(`^get ${proxy.endpoint}/${status}: .*status ${status}`)) as string,
    });
    await expect(failed).rejects.not.toThrow(/hidden/);
    // What may pass is tried again; a refusal is not.
    expect(proxy.requests).toHaveLength(status === 429 || status >= 500 ? 2 : 1);
  });

  it("that redirects for ever is failed_precondition", async () => {
    await expect(read(storesWith({}), `${proxy.endpoint}/circle`)).rejects.toMatchObject({
      code: "failed_precondition",
      ref: `${proxy.endpoint}/circle`,
    });
    expect(proxy.requests).toHaveLength(11);
  });

  it.each([
    { name: "says nothing", kind: "stall-request", afterBytes: 0, limits: { firstByteTimeoutMs: 150 } },
    { name: "falls silent in the middle", kind: "stall-answer", afterBytes: 100_000, limits: { idleTimeoutMs: 150 } },
  ] as const)("that $name is given up after a time limit [copilot B46]", async ({ kind, afterBytes, limits }) => {
    proxy.inject({ effect: { kind, afterBytes }, times: Number.POSITIVE_INFINITY });
    const failed = read(storesWith({}, limits), `${proxy.endpoint}/object`);
    await expect(failed).rejects.toMatchObject({ code: "unavailable", ref: `${proxy.endpoint}/object` });
    expect(proxy.met).toBe(2);
  });

  it("that falls silent once gives the rest when it is asked again [copilot B46]", async () => {
    proxy.inject({ effect: { kind: "stall-answer", afterBytes: 100_000 } });
    // Long enough for a busy machine to bring the rest.
    expectBytes(await read(storesWith({}, { idleTimeoutMs: 2000 }), `${proxy.endpoint}/object`), bytes);
    expect(proxy.requests[1]?.headers.get("range")).toMatch(/^bytes=[1-9]\d*-/);
  });

  it("whose connection is never ready is given up after a time limit [copilot B46]", async () => {
    // It takes connections and never answers the greeting of TLS.
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    try {
      const failed = read(storesWith({}, { connectTimeoutMs: 150 }), `https://127.0.0.1:${port}/object`);
      await expect(failed).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(/connect/) as string,
      });
    } finally {
      silent.close();
    }
  });
});

describe("a proxy of the environment", () => {
  // Nobody resolves this name: what comes of it came through the proxy.
  const address = "http://files.storage.test/object?version=1";

  it.each(["http_proxy", "HTTP_PROXY"])("named by %s brings what the server gives [copilot B46]", async (name) => {
    expectBytes(await read(storesWith({ [name]: proxy.endpoint }), address), bytes);
    expect(proxy.requests.map(({ target }) => target)).toEqual([address]);
  });

  it("is left out for the hosts of NO_PROXY [copilot B46]", async () => {
    const env = { HTTP_PROXY: proxy.endpoint, NO_PROXY: "127.0.0.1,.storage.test" };
    expectBytes(await read(storesWith(env), `${nginx.endpoint}/object`), bytes);
    await expect(read(storesWith(env), address)).rejects.toMatchObject({ code: "unavailable" });
    expect(proxy.requests).toEqual([]);
  });
});
