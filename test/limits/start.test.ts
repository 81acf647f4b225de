import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startLimited } from "./limited.ts";
import { withFolder } from "./local-files.ts";
import { type LimitsStore, missingServer, startLimitsStore } from "./store.ts";

const reason = inject("notConfined") === "" ? missingServer("versitygw") : inject("notConfined");

/** Passes connections on, and tells when the first byte of the next one's request came. */
interface Doorman {
  readonly endpoint: string;
  firstByte(): Promise<number>;
  close(): Promise<void>;
}

async function startDoorman(upstream: string): Promise<Doorman> {
  const { hostname, port } = new URL(upstream);
  const sockets = new Set<Socket>();
  let heard: ((at: number) => void) | undefined;
  const server = createServer((client) => {
    const store = connect({ host: hostname, port: Number(port) });
    for (const socket of [client, store]) {
      sockets.add(socket);
      socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    }
    client.once("data", () => {
      heard?.(performance.now());
      heard = undefined;
    });
    client.pipe(store).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    firstByte: () =>
      new Promise((resolve) => {
        heard = resolve;
      }),
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

describe("the start in half a processor", () => {
  let store: LimitsStore;
  let doorman: Doorman;

  beforeAll(async () => {
    if (reason !== "") return;
    store = await startLimitsStore("versitygw");
    doorman = await startDoorman(store.endpoint);
    await store.putInputs({});
  });

  afterAll(async () => {
    if (reason !== "") return;
    await doorman.close();
    await store.stop();
  });

  it("asks the store for its first byte within a second [copilot B50]", async (context) => {
    context.skip(reason !== "", reason);
    const seconds: number[] = [];
    // Others may have the machine's processors for a while, but not in every round.
    for (let round = 0; round < 10; round++) {
      await withFolder(async (folder) => {
        const asked = doorman.firstByte();
        const began = performance.now();
        const { ended } = await startLimited(store.downloadWords(`start-${round}`, folder, doorman.endpoint));
        const first = await Promise.race([asked, ended.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
        seconds.push((first - began) / 1000);
        expect((await ended).status).toBe(0);
      });
    }
    seconds.sort((a, b) => a - b);
    await context.annotate(
      `seconds from the container's start to the first byte: ${seconds.map((s) => s.toFixed(2)).join(" ")}`,
    );
    expect(seconds[0]).toBeLessThan(1);
  });
});
