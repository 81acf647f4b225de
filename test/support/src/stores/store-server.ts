/** What every S3 server of the suites offers, whoever made it. */
import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PeerProcess } from "./peer-process.ts";
import { type SignedAnswer, signedRequest } from "./signed-request.ts";
import { untilReady } from "./until-ready.ts";

export type StoreName = "minio" | "versitygw" | "radosgw";

export interface StoreServer {
  readonly name: StoreName;
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Makes a bucket of a new name and resolves to that. */
  createBucket(): Promise<string>;
  /** Multipart uploads of the bucket that were neither completed nor aborted, one line each. */
  uploads(bucket: string): Promise<readonly string[]>;
  /** A request signed independently of the driver under test. `target` is encoded, with its query. */
  send(method: string, target: string, body?: Uint8Array): Promise<SignedAnswer>;
  /** Kills the server and removes its data. Safe to call twice. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Path of the server's program. */
  readonly program: string;
  /** Where its objects live; a temporary folder by default, removed at the end. */
  readonly directory?: string;
  /** `us-east-1` by default. */
  readonly region?: string;
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Known to every server; loopback and throw-away data make them no secret. */
export const testCredentials = { accessKeyId: "AKTEST", secretAccessKey: "SKTESTSECRET" };

export async function serverFolder(name: string): Promise<string> {
  return await mkdtemp(path.join(tmpdir(), `flyte-dataplane-${name}-`));
}

export interface Served {
  readonly name: StoreName;
  readonly endpoint: string;
  readonly region?: string | undefined;
  /** The process that answers. */
  readonly peer: PeerProcess;
  stop(): Promise<void>;
  /** Where the server's own answer does not tell all. */
  uploads?(bucket: string): Promise<readonly string[]>;
}

/** Resolves once the server answers signed requests; its calls are the same for every server. */
export async function storeServer({ name, endpoint, region, peer, ...own }: Served): Promise<StoreServer> {
  const identity = { ...testCredentials, region: region ?? "us-east-1" };
  const send = (method: string, target: string, body?: Uint8Array): Promise<SignedAnswer> =>
    signedRequest({ ...identity, endpoint, method, target, body: body ?? new Uint8Array(0) });
  // A health check may be green before the first bucket can be made.
  await untilReady(peer, async () => (await send("GET", "/")).status === 200);
  return {
    name,
    endpoint,
    ...identity,
    send,
    async createBucket() {
      const bucket = `b-${randomBytes(8).toString("hex")}`;
      const { status, text } = await send("PUT", `/${bucket}`);
      if (status !== 200) throw new Error(`create bucket ${bucket} at ${name}: ${status} ${text}`);
      return bucket;
    },
    async uploads(bucket) {
      const { status, text } = await send("GET", `/${bucket}?uploads=`);
      if (status !== 200) throw new Error(`list uploads of ${bucket} at ${name}: ${status} ${text}`);
      return [...text.matchAll(/<Upload>.*?<Key>(.*?)<\/Key>/gs)].map(([, key]) => `upload: ${key ?? ""}`);
    },
    ...own,
  };
}
