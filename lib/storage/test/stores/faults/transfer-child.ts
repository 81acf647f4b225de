/**
 * One operation in a process of its own, which a signal or a full disk meets. It is told what to do as JSON and prints
 * as JSON how that ended and what its folder then holds.
 */
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { Bucket } from "../../../src/bucket.ts";
import { realClock } from "../real-clock.ts";
import type { ChildReport, ChildTask } from "./child.ts";
import { openTransferDriver, uriOf } from "./open-driver.ts";
import { operations } from "./operations.ts";

const task = JSON.parse(process.argv[2] ?? "") as ChildTask;
const operation = operations.find(({ name }) => name === task.operation);
if (operation === undefined) throw new Error(`no operation ${task.operation}`);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

const driver = openTransferDriver(task.store, { writes: "sync" });
const report = await attempt();
await driver.close();
process.stdout.write(`${JSON.stringify(report)}\n`);

async function attempt(): Promise<ChildReport> {
  let failure: ChildReport["failure"];
  try {
    const named = new Bucket(driver, (key) => uriOf(task.store, key));
    await operation?.run(named, task.folder, { clock: realClock, signal: stop.signal });
  } catch (error) {
    const { code, ref, message } =
      error instanceof DataPlaneError ? error : { code: "internal", ref: undefined, message: String(error) };
    failure = { code, message, ...(ref !== undefined && { ref }) };
  }
  const files = readdirSync(task.target, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return {
    ...(failure !== undefined && { failure }),
    files: files.map((file) => ({ name: path.relative(task.target, file), size: statSync(file).size })),
  };
}
