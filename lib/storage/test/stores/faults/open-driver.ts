/** The drivers of the matrix, opened alike in the suite and in its child processes. Nothing here knows of tests. */
import type { Driver } from "../../../src/driver.ts";
import { openFileDriver } from "../../../src/drivers/file/driver.ts";
import { openHttpDriver } from "../../../src/drivers/http/driver.ts";
import { openMemoryDriver } from "../../../src/drivers/memory/driver.ts";
import { openS3Driver } from "../../../src/drivers/s3/driver.ts";
import { createWireClient } from "../../../src/wire/client.ts";
import type { WireOptions } from "../../../src/wire/exchange.ts";
import { withPrefix } from "../../../src/with-prefix.ts";
import { withRetry } from "../../../src/with-retry.ts";
import { realClock } from "../real-clock.ts";

export type DriverName = "s3" | "http" | "file" | "memory";

export interface Reached {
  readonly driver: DriverName;
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of the file driver. */
  readonly root?: string;
}

/** With retries as in production, where a line leads to the store, but for waits that tests have no time for. */
export function openTransferDriver(to: Reached, wire: WireOptions): Driver {
  const bare = openBare(to, wire);
  if (to.driver === "file" || to.driver === "memory") return bare;
  return withRetry(bare, { baseMs: 1, maxMs: 5 }, { clock: realClock });
}

function openBare({ driver, endpoint, bucket, region, root, ...keys }: Reached, options: WireOptions): Driver {
  switch (driver) {
    case "s3": {
      const { accessKeyId, secretAccessKey } = keys;
      const credentials = { accessKeyId, secretAccessKey };
      return openS3Driver(
        { bucket, endpoint, region, flatKeys: false },
        { clock: realClock, wire: createWireClient(options), credentials: () => Promise.resolve(credentials) },
      );
    }
    case "http":
      return withPrefix(
        openHttpDriver({ origin: endpoint }, { clock: realClock, wire: createWireClient(options) }),
        `${bucket}/`,
      );
    case "file":
      return openFileDriver({ root: root ?? "", durability: "fast" });
    case "memory":
      return openMemoryDriver({ clock: realClock });
  }
}

/** Under which errors name a key. */
export function uriOf({ driver, bucket, root = "" }: Pick<Reached, "driver" | "bucket" | "root">, key: string): string {
  if (driver === "file") return `${root}/${key}`;
  return `${driver === "memory" ? "mem" : driver}://${bucket}/${key}`;
}
