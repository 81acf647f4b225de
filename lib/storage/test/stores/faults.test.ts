/**
 * The matrix: every fault in the middle of every transfer, drivers against MinIO with a proxy of ours between them.
 * However a transfer ends, what is visible is whole, and nothing else is left, here or there.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { type FaultProxy, type StoreServer, startFaultProxy, startMinio } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { declarations, driverNames, type FaultName, faultNames, rowsOf, rowTitle } from "./faults/cells.ts";
import { buildChild, type ChildTask, expectWholeFiles, startChild } from "./faults/child.ts";
import { faultAt } from "./faults/effects.ts";
import { uriOf } from "./faults/open-driver.ts";
import { contentOf, type Operation, operations } from "./faults/operations.ts";
import { leftOver, makeScene, openBucket, reached, type Scene, store, visible } from "./faults/scene.ts";
import { givenProgram } from "./given-programs.ts";
import { realClock } from "./real-clock.ts";

/** Less than any of the objects or trees, more than some of a tree's. */
const smallDiskBytes = 400_000;

let server: StoreServer;
let proxy: FaultProxy;
let directory: string;
let child: string;
/** A thousand objects are made once. */
let listedBucket: string;
let scene: Scene | undefined;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "flyte-dataplane-fault-matrix-"));
  child = await buildChild(directory);
  server = await startMinio({ program: givenProgram("minio") });
  proxy = await startFaultProxy(server.endpoint);
  listedBucket = await server.createBucket();
  const [list] = operations.filter(({ name }) => name === "list");
  if (list !== undefined) await fill(list);
});
afterEach(async () => {
  await scene?.close();
  scene = undefined;
  await proxy.reset();
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
  await rm(directory, { recursive: true });
});

for (const row of rowsOf(["s3", "http"], operations)) {
  it(rowTitle(row), async (context) => {
    context.skip(row.fault === "a damaged disk" && process.getuid?.() !== 0, "only root may mount an image of a disk");
    const { driver, operation: planned, fault, ends, at, blocking = false } = row;
    const operation = at === undefined ? planned : { ...planned, cutAt: at };
    const shared = operation.direction === "list" ? { shared: listedBucket } : {};
    scene = await makeScene(server, operation, { driver, ...shared });
    const outcome = await meet(fault, scene, blocking ? "sync" : "async");
    if (metByProxy(fault, operation)) expect(proxy.met).toBeGreaterThan(0);
    if (ends === "whole") {
      expect(outcome.failure).toBeUndefined();
      if (outcome.listed !== undefined) expectListed(outcome.listed, operation, fault);
    } else {
      expect(outcome.failure).toMatchObject({ code: ends });
      expectNamed(outcome.failure, scene);
    }
    await expectVisible(scene, ends === "whole");
    const held = scene;
    await expect.poll(async () => await leftOver(held, proxy)).toEqual([]);
  });
}

it("declares what cannot be, so that every driver meets every fault in every operation or says why not", (context) => {
  for (const reason of declarations(operations)) void context.annotate(reason);
  const cells = driverNames.length * operations.length * faultNames.length;
  const shown = new Set(
    rowsOf(driverNames, operations).map((row) => rowTitle({ ...row, at: undefined, blocking: false })),
  );
  expect(shown.size + declarations(operations).length).toBe(cells);
});

interface Outcome {
  readonly failure?: { readonly code: string; readonly message: string; readonly ref?: string | undefined };
  readonly listed?: readonly string[];
}

async function meet(name: FaultName, at: Scene, writes: "sync" | "async"): Promise<Outcome> {
  if (name === "SIGTERM") return await terminated(at);
  if (name === "a full disk" && at.operation.direction === "down") return await onSmallDisk(at);
  if (name === "a damaged disk") return await onDamagedDisk(at);
  if (name === "a refused connection") await proxy.refuse();
  if (name === "a change in the middle") changeInTheMiddle(at);
  const fault = faultAt(name, at.operation);
  if (fault !== undefined) proxy.inject(fault);
  const endpoint = name === "a name that is not known" ? "http://store.invalid:9000" : proxy.endpoint;
  const { bucket, close } = openBucket(at, { endpoint, writes, impatient: name === "a stall" });
  try {
    return { listed: await at.operation.run(bucket, at.folder, { clock: realClock, writes }) };
  } catch (error) {
    if (!(error instanceof DataPlaneError)) throw error;
    return { failure: error };
  } finally {
    await close();
  }
}

/** The other faults come from elsewhere, or there is nothing that they could meet. */
function metByProxy(fault: FaultName, { direction }: Operation): boolean {
  if (fault === "a full disk") return direction === "up";
  if (fault === "a damaged disk") return false;
  return fault !== "a refused connection" && fault !== "a name that is not known";
}

/** The transfer's process is asked to end while the victim is on its way. */
async function terminated(at: Scene): Promise<Outcome> {
  const { direction, victim, cutAt } = at.operation;
  const kind = direction === "up" ? "hold-request" : "hold-answer";
  const never = new Promise<void>(() => undefined);
  const reached = new Promise<void>((resolve) => {
    const hold = (): Promise<void> => {
      resolve();
      return never;
    };
    proxy.inject({ when: victim, effect: { kind, afterBytes: cutAt, hold } });
  });
  const running = startChild(child, taskOf(at));
  await Promise.race([reached, running.report]);
  running.process.kill("SIGTERM");
  return await running.report;
}

async function onSmallDisk(at: Scene): Promise<Outcome> {
  const report = await startChild(child, taskOf(at), { kind: "small disk", bytes: smallDiskBytes }).report;
  expectWholeFiles(report, at.operation, false);
  return report;
}

async function onDamagedDisk(at: Scene): Promise<Outcome> {
  const beside = await mkdtemp(path.join(directory, "disk-"));
  for (const made of ["copy", "empty"]) await mkdir(path.join(beside, made));
  // What cannot be read is not looked at afterwards either.
  const task = { ...taskOf(at), target: path.join(beside, "empty") };
  return await startChild(child, task, { kind: "damaged disk", folder: at.folder, beside }).report;
}

function taskOf(at: Scene): ChildTask {
  const { operation, folder } = at;
  return { operation: operation.name, store: reached(at, proxy.endpoint), folder, target: folder };
}

/** Down: the object is replaced and the line cut. Up: the file is overwritten once it was sent, and before that is confirmed. List: keys come and go. */
function changeInTheMiddle(at: Scene): void {
  const { operation, bucketName, folder } = at;
  const { victim, cutAt, direction, objects } = operation;
  const changed = objects[5] ?? objects[0] ?? { key: "", size: 0 };
  const other = contentOf({ key: "something else", size: changed.size });
  if (direction === "down") {
    const hold = async (): Promise<void> => {
      await server.send("PUT", `/${bucketName}/${changed.key}`, other);
      throw new Error("cut");
    };
    proxy.inject({ when: victim, effect: { kind: "hold-answer", afterBytes: cutAt, hold } });
  } else if (direction === "up") {
    const hold = (): Promise<void> => writeFile(path.join(folder, changed.key), other);
    proxy.inject({ when: victim, effect: { kind: "hold-answer", afterBytes: 0, hold } });
  } else {
    const hold = async (): Promise<void> => {
      await server.send("PUT", `/${bucketName}/many/00000-new`, other);
      await server.send("PUT", `/${bucketName}/many/99999-new`, other);
      throw new Error("cut");
    };
    proxy.inject({ when: victim, effect: { kind: "hold-answer", afterBytes: 10, hold } });
  }
}

/** A key of a tree, or the place where it was to be; never a signed query. */
function expectNamed(failure: Outcome["failure"], at: Scene): void {
  const { folder, operation } = at;
  const uri = (key: string): string => uriOf(reached(at, ""), key);
  const places = operation.objects.flatMap(({ key }) => [uri(key), path.join(folder, key)]);
  const wholes = [uri("tree/"), uri("many/"), path.join(folder, "tree")];
  expect([...places, ...wholes]).toContain(failure?.ref);
  expect(failure?.message).toContain(failure?.ref);
  expect(failure?.message).toMatch(/^[a-z][a-z0-9 ]* (s3:|http:|\/)/);
  expect(failure?.message).not.toMatch(/X-Amz|AKTEST/);
}

async function expectVisible(at: Scene, all: boolean): Promise<void> {
  const seen = await visible(at);
  const { objects, direction } = at.operation;
  if (direction === "list") return;
  const whole = new Map(objects.map((object) => [object.key, object]));
  for (const [name, bytes] of seen) {
    const object = whole.get(name);
    expect(object, `${name} is visible`).toBeDefined();
    if (object !== undefined) expect(bytes.equals(contentOf(object)), `${name} is whole`).toBe(true);
  }
  if (all) expect([...seen.keys()].sort()).toEqual([...whole.keys()].sort());
}

function expectListed(listed: readonly string[], { direction, objects }: Operation, fault: FaultName): void {
  if (direction !== "list") return;
  expect(listed).toEqual([...new Set(listed)].sort());
  const wanted = new Set(objects.map(({ key }) => key));
  const own = listed.filter((key) => wanted.has(key));
  expect(own).toHaveLength(wanted.size);
  if (fault !== "a change in the middle") expect(listed).toHaveLength(wanted.size);
}

async function fill(operation: Operation): Promise<void> {
  const made = await makeScene(server, operation, { driver: "s3", shared: listedBucket });
  await store(made, operation.objects);
  await made.close();
}
