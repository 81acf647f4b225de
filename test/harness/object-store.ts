import { Buffer } from "node:buffer";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startVersitygw } from "@flyte-dataplane/test-support";
import type { Content } from "./value.ts";

/** A real S3 server of the harness's own, with two buckets; its objects are files, which is how they are looked at. */
export interface ObjectStore {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretKey: string;
  readonly bucket: string;
  readonly otherBucket: string;
  put(key: string, content: Content, bucket?: string): Promise<void>;
  /** Objects below a folder by key relative to it. */
  below(folder: string): Promise<ReadonlyMap<string, Buffer>>;
  stop(): Promise<void>;
}

export async function startObjectStore(program: string): Promise<ObjectStore> {
  const directory = await mkdtemp(path.join(tmpdir(), "copilot-harness-store-"));
  const server = await startVersitygw({ program, directory });
  const [bucket, otherBucket] = [await server.createBucket(), await server.createBucket()];
  return {
    endpoint: server.endpoint,
    region: server.region,
    accessKeyId: server.accessKeyId,
    secretKey: server.secretAccessKey,
    bucket,
    otherBucket,
    async put(key, content, name = bucket) {
      const target = `/${name}/${encodeURIComponent(key)
        .replaceAll("%2F", "/")
        .replace(/[!'()*]/g, escaped)}`;
      const { status, text } = await server.send("PUT", target, Buffer.from(content));
      if (status !== 200) throw new Error(`put ${key}: ${status} ${text}`);
    },
    below: (folder) => readBelow(path.join(directory, bucket, folder)),
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Marks that signatures have encoded and `encodeURIComponent` leaves. */
function escaped(mark: string): string {
  return `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Every regular file below a folder, by relative path; none for a folder that is not there. */
export async function readBelow(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    files.set(path.relative(folder, file), await readFile(file));
  }
  return files;
}
