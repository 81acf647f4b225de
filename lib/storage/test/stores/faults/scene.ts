import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { FaultProxy, StoreServer } from "@flyte-dataplane/test-support";
import { Bucket } from "../../../src/bucket.ts";
import { openDescriptors, partialFiles } from "../../file-store.ts";
import { socketsTo } from "../open-sockets.ts";
import { openS3Store } from "../s3-store.ts";
import { type DriverName, openTransferDriver, type Reached, uriOf } from "./open-driver.ts";
import { contentOf, type Named, type Operation } from "./operations.ts";

/** One operation's store and folder. The server is spoken to directly, whatever stands between it and the driver. */
export interface Scene {
  readonly server: StoreServer;
  readonly bucketName: string;
  readonly folder: string;
  readonly operation: Operation;
  readonly driver: DriverName;
  /** Leaves the store to others that share it. */
  close(): Promise<void>;
}

/** A fresh folder, and a bucket where the operation finds what it reads. */
export async function makeScene(
  server: StoreServer,
  operation: Operation,
  { driver, shared }: { readonly driver: DriverName; readonly shared?: string },
): Promise<Scene> {
  const folder = await mkdtemp(path.join(tmpdir(), "flyte-dataplane-faults-"));
  const bucketName = shared ?? (await server.createBucket());
  const scene = { server, bucketName, folder, operation, driver, close: () => rm(folder, { recursive: true }) };
  if (operation.direction === "up") for (const object of operation.objects) await writeBelow(folder, object);
  else if (shared === undefined) await store(scene, operation.objects);
  // Whoever reads over plain HTTP has no credentials.
  if (driver === "http") await openToAll(scene);
  return scene;
}

/** Puts objects into the store, without the driver. */
export async function store({ server, bucketName }: Scene, objects: readonly Named[]): Promise<void> {
  for (let from = 0; from < objects.length; from += 16) {
    await Promise.all(
      objects.slice(from, from + 16).map(async (object) => {
        const { status, text } = await server.send("PUT", `/${bucketName}/${object.key}`, contentOf(object));
        if (status !== 200) throw new Error(`store ${object.key}: ${status} ${text}`);
      }),
    );
  }
}

async function openToAll({ server, bucketName }: Scene): Promise<void> {
  const Statement = [
    { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucketName}/*` },
  ];
  const policy = JSON.stringify({ Version: "2012-10-17", Statement });
  const { status, text } = await server.send("PUT", `/${bucketName}?policy=`, Buffer.from(policy));
  if (status !== 204) throw new Error(`open ${bucketName} to all: ${status} ${text}`);
}

/** Writes an object as a file, under its key. */
export async function writeBelow(folder: string, object: Named): Promise<void> {
  const file = path.join(folder, object.key);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, contentOf(object));
}

export interface Reach {
  readonly endpoint: string;
  readonly writes: "sync" | "async";
  /** A stall shall be noticed soon; elsewhere patience keeps a busy machine from looking like one. */
  readonly impatient?: boolean;
}

/** How the scene's driver gets to its store. */
export function reached({ server, bucketName, driver }: Scene, endpoint: string): Reached {
  const { accessKeyId, secretAccessKey, region } = server;
  return { driver, endpoint, bucket: bucketName, accessKeyId, secretAccessKey, region };
}

/** The bucket as production code has it: driver, retries, names. */
export function openBucket(scene: Scene, { endpoint, writes, impatient = false }: Reach): OpenBucket {
  const times = impatient ? { connectTimeoutMs: 5000, firstByteTimeoutMs: 2000, idleTimeoutMs: 500 } : {};
  const to = reached(scene, endpoint);
  const driver = openTransferDriver(to, { writes, ...times });
  return { bucket: new Bucket(driver, (key) => uriOf(to, key)), close: () => driver.close() };
}

export interface OpenBucket {
  readonly bucket: Bucket;
  close(): Promise<void>;
}

/** Everything that should not be there after an operation, however it ended; one line each. */
export async function leftOver({ server, bucketName, folder }: Scene, proxy: FaultProxy): Promise<readonly string[]> {
  return [
    ...(await server.uploads(bucketName)),
    ...(await partialFiles(folder)).map((file) => `partial file: ${file}`),
    ...(await openDescriptors(folder)),
    ...(await socketsTo(Number(new URL(proxy.endpoint).port))).held,
  ];
}

/** Where the operation writes: names and bytes of all that is visible there. */
export async function visible({ server, bucketName, folder, operation }: Scene): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>();
  if (operation.direction === "down") {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      found.set(path.relative(folder, file), await readFile(file));
    }
  } else if (operation.direction === "up") {
    const driver = openS3Store(server, bucketName);
    for await (const { key } of driver.list("")) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of (await driver.get(key)).body) chunks.push(Uint8Array.from(chunk));
      found.set(key, Buffer.concat(chunks));
    }
    await driver.close();
  }
  return found;
}
