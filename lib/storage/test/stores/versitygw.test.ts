import { type FaultProxy, type StoreServer, startFaultProxy, startVersitygw } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll } from "vitest";
import { describeDriver } from "../../src/conformance/index.ts";
import { givenProgram } from "./given-programs.ts";
import { breakingHarness } from "./passing-faults.ts";
import { s3Harness, wrappers } from "./s3-harness.ts";

let server: StoreServer;
let broken: FaultProxy;
beforeAll(async () => {
  server = await startVersitygw({ program: givenProgram("versitygw") });
  broken = await startFaultProxy(server.endpoint);
});
afterAll(async () => {
  await broken.close();
  await server.stop();
});

for (const { name, wrap } of [{ name: "s3 on versitygw", wrap: undefined }, ...wrappers]) {
  describeDriver(wrap === undefined ? name : `s3 on versitygw ${name}`, () =>
    Promise.resolve(s3Harness(server, { ...(wrap !== undefined && { wrap }), cannotProve: [] })),
  );
}

describeDriver("s3 on versitygw over a line that breaks, with retries", () => breakingHarness(server, broken, []));
