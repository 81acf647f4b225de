import type { Clock } from "@flyte-dataplane/core";
import type { StoreName, StoreServer } from "@flyte-dataplane/test-support";
import type { Driver } from "../../src/driver.ts";
import type { S3Config } from "../../src/drivers/s3/config.ts";
import type { S3Credentials } from "../../src/drivers/s3/credentials/credentials.ts";
import { openS3Driver } from "../../src/drivers/s3/driver.ts";
import { createWireClient } from "../../src/wire/client.ts";
import type { WireOptions } from "../../src/wire/exchange.ts";
import { realClock } from "./real-clock.ts";

/** How each server is to be configured, as its users would have to. */
const settings: Readonly<Record<StoreName, Partial<S3Config>>> = {
  minio: { flatKeys: false },
  versitygw: { flatKeys: false },
  radosgw: { conditionalWrites: "single" },
};

/** What a server is known by, where it is not asked itself. */
export type StoreKeys = Pick<StoreServer, "name" | "region" | "accessKeyId" | "secretAccessKey"> & {
  readonly endpoint?: string;
};

export interface S3StoreOptions {
  /** In place of the server's own: a proxy before it. */
  readonly endpoint?: string;
  readonly config?: Partial<S3Config>;
  readonly credentials?: S3Credentials;
  readonly clock?: Clock;
  readonly wire?: Partial<WireOptions>;
}

/** The S3 driver on a bucket of a real server, with nothing around it. */
export function openS3Store(server: StoreKeys, bucket: string, options: S3StoreOptions = {}): Driver {
  const { endpoint = server.endpoint ?? "", config, clock = realClock, wire } = options;
  const { accessKeyId, secretAccessKey, region } = server;
  const credentials = options.credentials ?? { accessKeyId, secretAccessKey };
  return openS3Driver(
    { bucket, endpoint, region, ...settings[server.name], ...config },
    {
      clock,
      wire: createWireClient({ writes: "async", ...wire }),
      credentials: () => Promise.resolve(credentials),
    },
  );
}
