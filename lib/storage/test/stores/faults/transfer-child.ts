/**
 * One operation in a process of its own, which a signal or a full disk meets. It is told what to do as JSON and prints
 * as JSON how that ended and what its folder then holds.
 */
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { Bucket } from "../../../src/bucket.ts";
import { openS3Driver } from "../../../src/drivers/s3/driver.ts";
import { createWireClient } from "../../../src/wire/client.ts";
import { withRetry } from "../../../src/with-retry.ts";
import { realClock } from "../real-clock.ts";
import type { ChildReport, ChildTask } from "./child.ts";
import { operations } from "./operations.ts";

const {
  operation: name,
  bucket,
  folder,
  endpoint,
  accessKeyId,
  secretAccessKey,
  region,
  ...rest
} = JSON.parse(process.argv[2] ?? "") as ChildTask;
const operation = operations.find((each) => each.name === name);
if (operation === undefined) throw new Error(`no operation ${name}`);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

const driver = withRetry(
  openS3Driver(
    { bucket, endpoint, region, flatKeys: rest.flatKeys },
    {
      clock: realClock,
      wire: createWireClient({ writes: "sync" }),
      credentials: () => Promise.resolve({ accessKeyId, secretAccessKey }),
    },
  ),
  { baseMs: 1, maxMs: 5 },
  { clock: realClock },
);
const report = await attempt();
await driver.close();
process.stdout.write(`${JSON.stringify(report)}\n`);

async function attempt(): Promise<ChildReport> {
  let failure: ChildReport["failure"];
  try {
    const named = new Bucket(driver, (key) => `s3://${bucket}/${key}`);
    await operation?.run(named, folder, { clock: realClock, signal: stop.signal });
  } catch (error) {
    const { code, ref, message } =
      error instanceof DataPlaneError ? error : { code: "internal", ref: undefined, message: String(error) };
    failure = { code, message, ...(ref !== undefined && { ref }) };
  }
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return {
    ...(failure !== undefined && { failure }),
    files: files.map((file) => ({ name: path.relative(folder, file), size: statSync(file).size })),
  };
}
