import { mkdir, mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Clock } from "@flyte-dataplane/core";
import { Bucket } from "../src/bucket.ts";
import type { Harness } from "../src/conformance/harness.ts";
import type { Driver } from "../src/driver.ts";
import type { FileSigning } from "../src/drivers/file/config.ts";
import { openFileDriver } from "../src/drivers/file/driver.ts";
import { isPartialName } from "../src/drivers/file/paths.ts";
import type { Stores } from "../src/stores.ts";
import { serveHttp } from "./serve-http.ts";

export const wallClock: Clock = {
  now: () => Date.now(),
  sleep: () => Promise.reject(new Error("nothing here sleeps")),
};

export async function temporaryFolder(): Promise<string> {
  return await mkdtemp(path.join(tmpdir(), "flyte-dataplane-storage-"));
}

/** File stores in folders of their own below one temporary folder, with a listening server for their links. */
export async function fileHarness(wrap: (driver: Driver) => Driver = (driver) => driver): Promise<Harness> {
  const base = await temporaryFolder();
  const key = new Uint8Array(32).fill(7);
  let root = base;
  let count = 0;
  let served: Driver | undefined;
  const stores: Stores = {
    bucket: () =>
      served === undefined
        ? Promise.reject(new Error("no store is open"))
        : Promise.resolve(new Bucket(served, (name) => `/${name}`)),
    web: () => Promise.reject(new Error("no web is there")),
    signedFiles: { key, clock: wallClock },
    close: () => Promise.resolve(),
  };
  const server = await serveHttp(stores);
  return {
    async open() {
      count += 1;
      root = path.join(base, count.toString());
      await mkdir(root);
      const signing: FileSigning = { key, endpoint: () => server.endpoint };
      // The server knows the store by its own keys, whatever a wrapper makes of them.
      served = openFileDriver({ root, durability: "fast", signing });
      return wrap(served);
    },
    leftovers: async () => [...(await partialFiles(root)), ...(await openDescriptors(base))],
    async close() {
      await server.close();
      await rm(base, { recursive: true });
    },
  };
}

export async function partialFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => isPartialName(path.basename(name)));
}

/** Files below `folder` that this process holds open. */
export async function openDescriptors(folder: string): Promise<readonly string[]> {
  if (process.platform !== "linux") return [];
  const targets = await Promise.all(
    (await readdir("/proc/self/fd")).map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => "")),
  );
  return targets.filter((target) => target.startsWith(folder)).map((target) => `open: ${target}`);
}
