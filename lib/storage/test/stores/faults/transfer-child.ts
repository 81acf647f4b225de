/**
 * One operation in a process of its own, which a signal or a disk meets. It is told what to do as JSON and prints as
 * JSON how that ended and what its target then holds.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { Bucket } from "../../../src/bucket.ts";
import type { Driver } from "../../../src/driver.ts";
import { realClock } from "../real-clock.ts";
import type { ChildReport, ChildTask } from "./child.ts";
import { actingInside } from "./inside.ts";
import { openTransferDriver, uriOf } from "./open-driver.ts";
import { contentOf, type Operation, operations } from "./operations.ts";

const task = JSON.parse(process.argv[2] ?? "") as ChildTask;
const operation = operationNamed(task.operation);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

const driver = openTransferDriver(task.store, { writes: "sync" });
if (task.store.driver === "memory" && operation.direction !== "up") {
  for (const object of operation.objects) await driver.put(object.key, contentOf(object));
}
const outcome = await attempt();
const files = task.store.driver === "memory" && operation.direction === "up" ? await stored() : found();
await driver.close();
process.stdout.write(`${JSON.stringify({ ...outcome, files } satisfies ChildReport)}\n`);

async function attempt(): Promise<Omit<ChildReport, "files">> {
  try {
    const named = new Bucket(disturbed(), (key) => uriOf(task.store, key));
    const options = { clock: realClock, signal: stop.signal, writes: "sync" } as const;
    const listed = await operation.run(named, task.folder, options);
    return { listed };
  } catch (error) {
    const { code, ref, message } =
      error instanceof DataPlaneError ? error : { code: "internal", ref: undefined, message: String(error) };
    return { failure: { code, message, ...(ref !== undefined && { ref }) } };
  }
}

function disturbed(): Driver {
  if (task.inside === undefined) return driver;
  return actingInside(driver, operation, task.inside.at, task.inside.kind === "signal" ? endItself : change);
}

async function endItself(): Promise<void> {
  const aborted = once(stop.signal, "abort");
  // A signal on its way keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  process.kill(process.pid, "SIGTERM");
  await aborted;
  clearInterval(alive);
}

/** Down: the object is replaced. Up: the file is overwritten. List: other keys come. */
async function change(): Promise<void> {
  const { victimKey, objects, direction } = operation;
  const size = objects.find(({ key }) => key === victimKey)?.size ?? 1;
  const other = contentOf({ key: "something else", size });
  if (direction === "down") await driver.put(victimKey, other);
  else if (direction === "up") writeFileSync(path.join(task.folder, victimKey), other);
  else for (const key of ["many/00000-new", "many/99999-new"]) await driver.put(key, other);
}

function found(): ChildReport["files"] {
  return readdirSync(task.target, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ name: path.relative(task.target, file), sha256: sha256(readFileSync(file)) }));
}

async function stored(): Promise<ChildReport["files"]> {
  const files: { readonly name: string; readonly sha256: string }[] = [];
  for await (const { key } of driver.list("")) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await driver.get(key)).body) chunks.push(Uint8Array.from(chunk));
    files.push({ name: key, sha256: sha256(Buffer.concat(chunks)) });
  }
  const { openUploads = 0 } = driver as { readonly openUploads?: number };
  if (openUploads > 0) files.push({ name: `${openUploads} uploads that nobody ended`, sha256: "" });
  return files;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function operationNamed(name: string): Operation {
  const found = operations.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}
