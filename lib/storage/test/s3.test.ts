import { existsSync } from "node:fs";
import path from "node:path";
import { startVersitygw } from "@flyte-dataplane/test-support";
import { describe } from "vitest";
import { toolsFolder } from "../../../tools/peers/cache.mjs";
import { peers } from "../../../tools/peers/list.mjs";
import { describeDriver } from "../src/conformance/index.ts";
import { s3Harness } from "./s3/s3-store.ts";

// The quickest of the servers; `npm run test:stores` holds the driver, and every wrapper, against all of them.
const version = peers(process.platform, process.arch).find(({ name }) => name === "versitygw")?.recipe?.version ?? "";
const program = path.join(toolsFolder(process.env), `versitygw-${version}`, "versitygw");

describe.skipIf(!existsSync(program))("versitygw, which `npm run tools -- --only versitygw` gets,", () => {
  describeDriver("s3", async () => s3Harness(await startVersitygw({ program }), { settings: { flatKeys: false } }));
});
