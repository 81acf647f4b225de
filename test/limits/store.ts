/** A real S3 server outside the limits, and the words with which copilot reaches it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { decodeErrorDocument, decodeLiteralMap, type TaskFailure } from "@flyte-dataplane/core";
import { type Literal, LiteralMapSchema, type LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { createStores, readObject, statObject } from "@flyte-dataplane/storage";
import { startMinio, startVersitygw } from "@flyte-dataplane/test-support";
import { inject } from "vitest";
import { outputsOf, type Type } from "../../copilot/test/documents.ts";
import { flagMode } from "../../copilot/test/object-store.ts";

/** Of one message. */
const maxBytes = 16 * 1024 * 1024;

export type ServerName = "minio" | "versitygw";

export interface LimitsStore {
  readonly endpoint: string;
  readonly bucket: string;
  /** Writes the inputs message. */
  putInputs(literals: Readonly<Record<string, MessageInitShape<typeof LiteralSchema>>>): Promise<void>;
  /** The literals of the outputs message of the attempt; undefined where it published none. */
  outputs(attempt: string): Promise<Readonly<Record<string, Literal>> | undefined>;
  report(attempt: string): Promise<TaskFailure | undefined>;
  /** Bytes of each object below `prefix`. */
  sizes(prefix: string): Promise<readonly number[]>;
  /** Uploads that were begun and neither completed nor aborted. */
  unfinished(): Promise<readonly string[]>;
  uri(key: string): string;
  /** The words that stage the inputs in `local`, by the way of `endpoint`. */
  downloadWords(attempt: string, local: string, endpoint?: string): readonly string[];
  /** The words that publish what a task left in `local`. */
  sidecarWords(attempt: string, local: string, how: SidecarHow): readonly string[];
  stop(): Promise<void>;
}

export interface SidecarHow {
  readonly types: Readonly<Record<string, Type>>;
  readonly endpoint?: string;
  /** Waits for its signal, as in a Pod; else begins at once. */
  readonly waits?: boolean;
  readonly timeout?: string;
}

/** Why the suite cannot run without that server; empty where it can. */
export function missingServer(name: ServerName): string {
  return inject("storePrograms")[name] === undefined ? `its server: npm run tools -- --only ${name}` : "";
}

/** Its objects lie on the disk of the temporary folder. */
export async function startLimitsStore(name: ServerName): Promise<LimitsStore> {
  const program = inject("storePrograms")[name];
  if (program === undefined) throw new Error(`${name} is missing: npm run tools -- --only ${name}`);
  const directory = await mkdtemp(path.join(tmpdir(), "flyte-limits-store-"));
  const server = await (name === "minio" ? startMinio : startVersitygw)({ program, directory });
  const bucket = await server.createBucket();
  const uri = (key: string): string => `s3://${bucket}/${key}`;
  const words = (endpoint = server.endpoint): readonly string[] =>
    flagMode({
      pairs: {
        access_key_id: server.accessKeyId,
        auth_type: "accesskey",
        endpoint,
        region: server.region,
        secret_key: server.secretAccessKey,
      },
      container: bucket,
    });
  const prefix = (attempt: string): string => `run/a0/${attempt}`;
  const stores = createStores({
    clock: systemClock,
    network: {
      writes: "async",
      env: {
        AWS_ACCESS_KEY_ID: server.accessKeyId,
        AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
        AWS_REGION: server.region,
        AWS_ENDPOINT_URL_S3: server.endpoint,
      },
    },
  });
  const read = async (key: string): Promise<Uint8Array | undefined> =>
    (await statObject(stores, uri(key))) === undefined ? undefined : await readObject(stores, uri(key), { maxBytes });
  return {
    endpoint: server.endpoint,
    bucket,
    uri,
    async putInputs(literals) {
      const body = toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals }));
      const { status, text } = await server.send("PUT", `/${bucket}/run/inputs.pb`, body);
      if (status !== 200) throw new Error(`put inputs.pb: ${status} ${text}`);
    },
    async outputs(attempt) {
      const bytes = await read(`${prefix(attempt)}/outputs.pb`);
      return bytes === undefined ? undefined : decodeLiteralMap(bytes, "outputs.pb").literals;
    },
    async report(attempt) {
      const bytes = await read(`${prefix(attempt)}/error.pb`);
      return bytes === undefined ? undefined : decodeErrorDocument(bytes, "error.pb");
    },
    async sizes(under) {
      const sizes: number[] = [];
      const opened = await stores.bucket({ scheme: "s3", bucket, key: under });
      for await (const { size } of opened.list(under)) sizes.push(size);
      return sizes;
    },
    unfinished: () => server.uploads(bucket),
    downloadWords: (attempt, local, endpoint) => [
      ...words(endpoint),
      "download",
      "--from-remote",
      uri("run/inputs.pb"),
      "--to-output-prefix",
      uri(prefix(attempt)),
      "--to-local-dir",
      local,
      "--format",
      "JSON",
      "--file-input-layout",
      "DIRECT",
      "--input-interface",
      "",
    ],
    sidecarWords: (attempt, local, { types, endpoint, waits = false, timeout = "1h0m0s" }) => [
      ...words(endpoint),
      "sidecar",
      "--timeout",
      timeout,
      "--to-raw-output",
      uri(`${prefix(attempt)}/raw`),
      "--to-output-prefix",
      uri(prefix(attempt)),
      "--from-local-dir",
      local,
      "--interface",
      outputsOf(types),
      ...(waits ? [] : ["--start-watcher-type", "noop"]),
    ],
    async stop() {
      await stores.close();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
