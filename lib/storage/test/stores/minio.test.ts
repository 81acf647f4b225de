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
import { breakingHarness } from "./passing-faults.ts";
import { s3Harness, wrappers } from "./s3-harness.ts";
import { slowSlices } from "./slow-slices.ts";

const cannotProve: readonly Proof[] = [];

let server: StoreServer;
let toxiproxy: Toxiproxy;
let slowed: string;
let broken: FaultProxy;
beforeAll(async () => {
  server = await startMinio({ program: givenProgram("minio") });
  toxiproxy = await startToxiproxy({ program: givenProgram("toxiproxy") });
  slowed = await toxiproxy.before(new URL(server.endpoint).host, slowSlices);
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

describeDriver("s3 on minio over a line that breaks, with retries", () => breakingHarness(server, broken, cannotProve));
