import { startVersitygw } from "@flyte-dataplane/test-support";
import { describe, inject } from "vitest";
import { describeDriver } from "../src/conformance/index.ts";
import { s3Harness } from "./s3/s3-store.ts";
import { givenProgram } from "./stores/given-programs.ts";

// The quickest of the servers; `npm run test:stores` holds the driver, and every wrapper, against all of them.
const missing = inject("storePrograms")["versitygw"] === undefined;

describe.skipIf(missing)("versitygw, which `npm run tools -- --only versitygw` gets,", () => {
  describeDriver("s3", async () =>
    s3Harness(await startVersitygw({ program: givenProgram("versitygw") }), { settings: { flatKeys: false } }),
  );
});
