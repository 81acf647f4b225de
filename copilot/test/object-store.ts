import { Buffer } from "node:buffer";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type FaultProxy, type SeenRequest, startFaultProxy, startVersitygw } from "@flyte-dataplane/test-support";
import { inject } from "vitest";
import { concurrently } from "../src/concurrently.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Paths of the server programs that there are, by the names of `npm run tools`. */
    storePrograms: Readonly<Record<string, string>>;
  }
}

const program = inject("storePrograms")["versitygw"];

export const storeMissing: boolean = program === undefined;

/** For the names of suites that are skipped without the server. */
export const storeHint = "(its server: `npm run tools -- --only versitygw`)";

/** A real S3 server whose objects are plain files, behind a proxy that can break what passes. */
export interface ObjectStore {
  readonly bucket: string;
  /** A second bucket of the same server. */
  readonly other: string;
  readonly proxy: FaultProxy;
  /** Settings under which copilot reaches it. */
  readonly pairs: Readonly<Record<string, string>>;
  /** The folder of a bucket's objects, where tests find them. */
  folder(bucket?: string): string;
  /** Stores objects by their keys. */
  put(objects: Readonly<Record<string, string | Uint8Array>>, bucket?: string): Promise<void>;
  uri(key: string, bucket?: string): string;
  buckets(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function startObjectStore(): Promise<ObjectStore> {
  if (program === undefined) throw new Error("versitygw is missing: npm run tools -- --only versitygw");
  const directory = await mkdtemp(path.join(tmpdir(), "flyte-copilot-store-"));
  const server = await startVersitygw({ program, directory });
  const proxy = await startFaultProxy(server.endpoint);
  const [bucket, other] = [await server.createBucket(), await server.createBucket()];
  return {
    bucket,
    other,
    proxy,
    pairs: {
      access_key_id: server.accessKeyId,
      auth_type: "accesskey",
      endpoint: proxy.endpoint,
      region: server.region,
      secret_key: server.secretAccessKey,
    },
    folder: (name = bucket) => path.join(directory, name),
    async put(objects, name = bucket) {
      await concurrently(Object.entries(objects), 8, async ([key, content]) => {
        const target = `/${name}/${encodeURIComponent(key).replaceAll("%2F", "/")}`;
        const { status, text } = await server.send("PUT", target, Buffer.from(content));
        if (status !== 200) throw new Error(`put ${key}: ${status} ${text}`);
      });
    },
    uri: (key, name = bucket) => `s3://${name}/${key}`,
    buckets: async () =>
      [...(await server.send("GET", "/")).text.matchAll(/<Name>(.*?)<\/Name>/g)].map(([, name]) => name ?? ""),
    async stop() {
      await proxy.close();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface ExecutorOptions {
  readonly pairs: Readonly<Record<string, string>>;
  readonly container: string;
  readonly multiContainer?: boolean;
}

/** The words before the sub-command, as an executor writes them that carries the settings in flags. */
export function flagMode({ pairs, container, multiContainer = false }: ExecutorOptions): readonly string[] {
  return [
    "--storage.limits.maxDownloadMBs=0",
    "--logger.level=4",
    ...(multiContainer ? ["--storage.enable-multicontainer"] : []),
    `--storage.container=${container}`,
    "--storage.type=stow",
    ...Object.entries(pairs).flatMap(([key, value]) => ["--storage.stow.config", `${key}=${value}`]),
    "--storage.stow.kind=s3",
  ];
}

/** The same with the settings in files of a Secret, by a pattern that no shell expands. */
export function secretMode(container: string, pattern: string): readonly string[] {
  return [
    "--storage.limits.maxDownloadMBs=0",
    "--logger.level=4",
    `--storage.container=${container}`,
    "--storage.type=s3",
    "--config",
    pattern,
  ];
}

/**
 * Never answers requests that `when` names, and lets the report of the failure through only once no other connection than
 * its own is open.
 */
export function stallUntilReport(proxy: FaultProxy, when: (request: SeenRequest) => boolean): void {
  proxy.inject({ when, effect: { kind: "stall-request", afterBytes: 0 }, times: Number.POSITIVE_INFINITY });
  const isReport = ({ method, target }: SeenRequest): boolean => method === "PUT" && target.endsWith("/errors.pb");
  const alone = async (): Promise<void> => {
    while (proxy.open > 1) await pause(5);
  };
  proxy.inject({ when: isReport, effect: { kind: "hold-request", afterBytes: 0, hold: alone } });
}
