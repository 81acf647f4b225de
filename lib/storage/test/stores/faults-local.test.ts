/** The rows of the matrix whose store is this machine: files and memory. Each operation runs in a process of its own. */
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Row, rowsOf, rowTitle } from "./faults/cells.ts";
import {
  buildChild,
  type ChildReport,
  type ChildTask,
  expectWholeFiles,
  type Surroundings,
  startChild,
} from "./faults/child.ts";
import { uriOf } from "./faults/open-driver.ts";
import { operations } from "./faults/operations.ts";
import { writeBelow } from "./faults/scene.ts";

/** Less than any of the objects or trees, more than some of a tree's. */
const smallDiskBytes = 400_000;

let directory: string;
let child: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "flyte-dataplane-fault-matrix-"));
  // Others enter it, too.
  await chmod(directory, 0o755);
  child = await buildChild(directory);
});
afterAll(() => rm(directory, { recursive: true }));

for (const row of rowsOf(["file", "memory"], operations)) {
  it(rowTitle(row), async (context) => {
    context.skip(row.fault === "a damaged disk" && process.getuid?.() !== 0, "only root may mount an image of a disk");
    const { operation, ends } = row;
    const place = await prepare(row);
    const report = await startChild(child, place.task, await surroundings(row, place)).report;
    if (ends === "whole") {
      expect(report.failure).toBeUndefined();
      if (operation.direction === "list") expectListed(report, row);
    } else {
      expect(report.failure).toMatchObject({ code: ends });
      expectNamed(report, place.task);
    }
    // Of a replaced object the version that was opened.
    expectWholeFiles(report, operation, ends === "whole" && operation.direction !== "list");
  });
}

interface Place {
  readonly base: string;
  readonly root: string;
  readonly folder: string;
  readonly task: ChildTask;
}

async function prepare({ driver, operation, fault, at }: Row): Promise<Place> {
  const base = await mkdtemp(path.join(directory, "place-"));
  const [root, folder] = [path.join(base, "store"), path.join(base, "folder")];
  for (const made of [root, folder]) await mkdir(made);
  if (operation.direction === "up") for (const object of operation.objects) await writeBelow(folder, object);
  else if (driver === "file") for (const object of operation.objects) await writeBelow(root, object);
  const kind = fault === "SIGTERM" ? "signal" : fault === "a change in the middle" ? "change" : undefined;
  const task: ChildTask = {
    operation: operation.name,
    folder,
    target: operation.direction === "up" && driver === "file" ? root : folder,
    store: { driver, root, bucket: "b", endpoint: "", region: "", accessKeyId: "", secretAccessKey: "" },
    // Ranges: what is read meanwhile has been opened before; only what is opened afterwards can tell.
    ...(kind !== undefined && { inside: { kind, at: at ?? (operation.name === "ranged get" ? 0 : operation.cutAt) } }),
  };
  return { base, root, folder, task };
}

async function surroundings({ fault, operation }: Row, { base, root, folder }: Place): Promise<Surroundings> {
  const { direction, victimKey } = operation;
  if (fault === "a full disk") return { kind: "small disk", bytes: smallDiskBytes };
  if (fault === "a damaged disk") {
    const beside = path.join(base, "disk");
    await mkdir(path.join(beside, "copy"), { recursive: true });
    return { kind: "damaged disk", folder: direction === "up" ? folder : root, beside };
  }
  if (fault !== "no permission") return { kind: "plain" };
  await chmod(base, 0o755);
  await chmod(folder, 0o777);
  if (direction === "up") await chmod(root, 0o555);
  else await chmod(path.join(root, direction === "list" ? path.dirname(victimKey) : victimKey), 0);
  return { kind: "nobody" };
}

/** A key, or the place where it was to be. */
function expectNamed({ failure }: ChildReport, { store, folder, operation: name }: ChildTask): void {
  const objects = operations.find((each) => each.name === name)?.objects ?? [];
  const places = objects.flatMap(({ key }) => [uriOf(store, key), path.join(folder, key)]);
  const wholes = [uriOf(store, "tree/"), uriOf(store, "many/"), path.join(folder, "tree")];
  expect([...places, ...wholes]).toContain(failure?.ref);
  expect(failure?.message).toContain(failure?.ref);
  expect(failure?.message).toMatch(/^[a-z][a-z0-9 ]* (mem:|\/)/);
}

/** Other keys may come meanwhile; those that stay are told once each. */
function expectListed({ listed = [] }: ChildReport, { operation }: Row): void {
  expect(listed).toEqual([...new Set(listed)].sort());
  const wanted = new Set(operation.objects.map(({ key }) => key));
  expect(listed.filter((key) => wanted.has(key))).toHaveLength(wanted.size);
}
