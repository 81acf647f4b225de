import { chmod, lstat, mkdir, mkdtemp, readdir, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type PlainDirectory, plainDirectory } from "../../src/cluster/local/plain-directory.ts";
import { startMachine } from "./local-server.ts";
import { aPod, logOf, runPod, shell } from "./pods.ts";

let temporary: string;
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "plain-directory-"));
});
afterEach(async () => {
  await rm(temporary, { recursive: true, force: true });
});

const nowMs = 1_700_000_000_000;
const clock = { now: () => nowMs, sleep: () => Promise.resolve() };
const open = (directory: string): PlainDirectory => plainDirectory({ directory, temporary, clock });

/** A directory with all that means something to a shell. */
const awkward = async (): Promise<string> => {
  const directory = join(temporary, 'it\'s $HOME & "mine"');
  await mkdir(directory);
  return directory;
};

test("a path that a shell takes for one word is used as it is, and nothing is made", async () => {
  const root = open("/var/lib/data");
  await root.keep();
  expect(root.path).toBe("/var/lib/data");
  expect(await readdir(temporary)).toEqual([]);
});

test("any other is reached by a plain one, the same each time", async () => {
  const directory = await awkward();
  const root = open(directory);
  await root.keep();
  await writeFile(join(root.path, "file"), "");
  expect(root.path).toMatch(/^[\w./-]+$/);
  expect(await readdir(directory)).toEqual(["file"]);
  expect(open(directory).path).toBe(root.path);
});

test("a link that was removed, or leads elsewhere, is made again", async () => {
  const directory = await awkward();
  const root = open(directory);
  await root.keep();
  await rm(root.path);
  await root.keep();
  expect(await readlink(root.path)).toBe(directory);
  await rm(root.path);
  await symlink("/elsewhere", root.path);
  await root.keep();
  expect(await readlink(root.path)).toBe(directory);
});

test("a folder of links that others may write to is refused", async () => {
  const directory = await awkward();
  const root = open(directory);
  await root.keep();
  await chmod(dirname(root.path), 0o777);
  await expect(root.keep()).rejects.toMatchObject({ code: "failed_precondition" });
});

test("links look used as of the last time they were kept", async () => {
  const root = open(await awkward());
  await root.keep();
  expect((await stat(dirname(root.path))).mtimeMs).toBe(nowMs);
  expect((await lstat(root.path)).mtimeMs).toBe(nowMs);
});

test("a directory that cannot be reached by any plain path is refused", () => {
  expect(() => plainDirectory({ directory: "/my data", temporary: "/my tmp", clock })).toThrow(/free of spaces/);
  expect(() => plainDirectory({ directory: "data", temporary: "/tmp", clock })).toThrow(/must be absolute/);
});

test("a pod in such a directory finds its volumes by their paths in a line of shell without quotes", async () => {
  const machine = await startMachine({ PATH: process.env["PATH"] });
  const directory = await awkward();
  const server = await machine.serve({ directory, temporary });
  const volumes = [{ name: "data", emptyDir: {} }];
  const line = "echo found > /mnt/data/x; cat /mnt/data/x; cd $TMPDIR && echo here > y && cat y";
  const main = shell("main", line, { volumeMounts: [{ name: "data", mountPath: "/mnt/data" }] });
  const done = await runPod(server.cluster, aPod({ volumes, containers: [main] }));
  const log = await logOf(server.cluster, done.metadata.name, "main");
  await server.stop();
  await machine.stop();
  expect(done.status?.phase).toBe("Succeeded");
  expect(log.slice(-2)).toEqual(["found", "here"]);
});
