import { readFile } from "node:fs/promises";
import type { Clock } from "@flyte-dataplane/core";
import type { StoreServer } from "@flyte-dataplane/test-support";
import type { Harness, Proof } from "../../src/conformance/harness.ts";
import type { Driver } from "../../src/driver.ts";
import type { S3Config } from "../../src/drivers/s3/config.ts";
import { openS3Driver } from "../../src/drivers/s3/driver.ts";
import { createWireClient } from "../../src/wire/client.ts";
import { wallClock } from "../file-store.ts";

export interface S3HarnessOptions {
  readonly settings?: Partial<S3Config>;
  readonly cannotProve?: readonly Proof[];
  readonly wrap?: (driver: Driver) => Driver;
}

/** Buckets of their own at a real server. */
export function s3Harness(server: StoreServer, options: S3HarnessOptions = {}): Harness {
  const { settings, cannotProve = [], wrap = (driver: Driver): Driver => driver } = options;
  let bucket: string | undefined;
  return {
    cannotProve,
    async open() {
      bucket = await server.createBucket();
      return wrap(openTestDriver(server, { bucket, ...settings }));
    },
    async leftovers() {
      const uploads = bucket === undefined ? [] : await server.uploads(bucket);
      return [...uploads, ...(await unreadSockets(server.endpoint))];
    },
    async earlySigner() {
      const slow: Clock = { ...wallClock, now: () => Date.now() - 3_600_000 };
      if (bucket === undefined) return undefined;
      return await Promise.resolve(openTestDriver(server, { bucket, ...settings }, slow).signer);
    },
    close: () => server.stop(),
  };
}

/** A driver with the server's own credentials. */
function openTestDriver(server: StoreServer, config: S3Config, clock = wallClock): Driver {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return openS3Driver(
    { endpoint, region, ...config },
    {
      clock,
      wire: createWireClient({ writes: "async" }),
      credentials: () => Promise.resolve({ accessKeyId, secretAccessKey }),
    },
  );
}

/**
 * Connections of this machine to `endpoint` whose bytes nobody fetches: bodies that a reader left without letting go of
 * them. An idle connection, kept for the next request, has none.
 */
export async function unreadSockets(endpoint: string): Promise<readonly string[]> {
  if (process.platform !== "linux") return [];
  const port = Number(new URL(endpoint).port).toString(16).toUpperCase().padStart(4, "0");
  const table = await readFile("/proc/self/net/tcp", "utf8");
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, , remote, state, queues]) =>
        remote?.endsWith(`:${port}`) === true && state === "01" && queues?.endsWith(":00000000") === false,
    )
    .map(([, local]) => `unread connection of ${local ?? ""}`);
}
