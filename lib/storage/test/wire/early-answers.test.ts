import { Buffer } from "node:buffer";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect, it, onTestFinished } from "vitest";
import { createWireClient } from "../../src/wire/client.ts";
import { serverIdentity } from "./identity.ts";

/** A server with an event loop of its own: it answers, and tells so, while this thread stands still. */
const serving = `
  const { parentPort, workerData } = require("node:worker_threads");
  const told = new Int32Array(workerData.told);
  const server = require("node:tls").createServer(workerData.identity, (socket) => {
    let received = "";
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      received += bytes.toString("latin1");
      if (!received.endsWith("\\r\\n0\\r\\n\\r\\n")) return;
      socket.write("HTTP/1.1 200 OK\\r\\ncontent-length: 6\\r\\n\\r\\nstored", () => {
        Atomics.store(told, 0, 1);
        Atomics.notify(told, 0);
      });
    });
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

it("a success is believed that comes before the news that the last chunk of a body left", async () => {
  const { ca, ...identity } = serverIdentity();
  const told = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(serving, { eval: true, workerData: { told: told.buffer, identity } });
  const client = createWireClient({ writes: "async", ca });
  onTestFinished(async () => {
    await client.close();
    await worker.terminate();
  });
  const port = await new Promise<number>((resolve) => worker.once("message", resolve));
  const body = (async function* () {
    yield await Promise.resolve(Buffer.from("hello"));
    await turn();
    // Behind the write of the last chunk, and before the turn of the event loop that tells of it.
    process.nextTick(() => Atomics.wait(told, 0, 0));
  })();
  const origin = `https://127.0.0.1:${port}`;
  const response = await client.send({ method: "PUT", origin, target: "/", headers: {}, body });
  expect(Buffer.from(await response.bytes(10)).toString()).toBe("stored");
});
