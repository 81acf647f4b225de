import {
  type FaultProxy,
  type StoreServer,
  startFaultProxy,
  startMinio,
  startToxiproxy,
  type Toxiproxy,
} from "@flyte-dataplane/test-support";
import { afterAll, beforeAll } from "vitest";
import type { Proof } from "../../src/conformance/harness.ts";
import { describeDriver } from "../../src/conformance/index.ts";
import { givenProgram } from "./given-programs.ts";
import { passingFaults } from "./passing-faults.ts";
import { s3Harness, withQuickRetry, wrappers } from "./s3-harness.ts";

const cannotProve: readonly Proof[] = [];

let server: StoreServer;
let toxiproxy: Toxiproxy;
let slowed: string;
let broken: FaultProxy;
beforeAll(async () => {
  server = await startMinio({ program: givenProgram("minio") });
  toxiproxy = await startToxiproxy({ program: givenProgram("toxiproxy") });
  slowed = await toxiproxy.before(new URL(server.endpoint).host, [
    { type: "latency", stream: "downstream", attributes: { latency: 2, jitter: 1 } },
    // Bytes, bytes, microseconds.
    { type: "slicer", stream: "downstream", attributes: { average_size: 4000, size_variation: 3000, delay: 10 } },
    { type: "slicer", stream: "upstream", attributes: { average_size: 9000, size_variation: 5000, delay: 10 } },
  ]);
  broken = await startFaultProxy(server.endpoint);
});
afterAll(async () => {
  await broken.close();
  await toxiproxy.stop();
  await server.stop();
});

for (const { name, wrap } of [{ name: "s3 on minio", wrap: undefined }, ...wrappers]) {
  describeDriver(wrap === undefined ? name : `s3 on minio ${name}`, () =>
    Promise.resolve(s3Harness(server, { ...(wrap !== undefined && { wrap }), cannotProve })),
  );
}

describeDriver("s3 on minio over a slow line in slices", () =>
  Promise.resolve(s3Harness(server, { endpoint: `http://${slowed}`, cannotProve })),
);

describeDriver("s3 on minio over a line that breaks, with retries", async () => {
  await broken.reset();
  for (const fault of passingFaults()) broken.inject(fault);
  return s3Harness(server, { endpoint: broken.endpoint, wrap: withQuickRetry, cannotProve });
});
