import { type StoreServer, startRadosGateway } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll } from "vitest";
import type { Proof } from "../../src/conformance/harness.ts";
import { describeDriver } from "../../src/conformance/index.ts";
import { givenProgram } from "./given-programs.ts";
import { s3Harness, wrappers } from "./s3-harness.ts";

/** Ceph 16: completing is not conditional, and completing what was aborted leaves the entry of an upload. */
const cannotProve: readonly Proof[] = ["conditional-completion", "aborted-uploads"];

let server: StoreServer;
beforeAll(async () => {
  server = await startRadosGateway({ program: givenProgram("radosgw") });
});
afterAll(() => server.stop());

for (const { name, wrap } of [{ name: "s3 on radosgw", wrap: undefined }, ...wrappers]) {
  describeDriver(wrap === undefined ? name : `s3 on radosgw ${name}`, () =>
    Promise.resolve(s3Harness(server, { ...(wrap !== undefined && { wrap }), cannotProve })),
  );
}
