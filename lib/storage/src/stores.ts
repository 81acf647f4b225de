import { type Clock, DataPlaneError, formatStorageUri, type Metrics, type StorageUri } from "@flyte-dataplane/core";
import { Bucket } from "./bucket.ts";
import type { Driver } from "./driver.ts";
import type { FileSigning } from "./drivers/file/config.ts";
import { openDriver } from "./registry.ts";
import { withMetrics } from "./with-metrics.ts";

export interface StoresOptions {
  readonly clock: Clock;
  /** Counts and times every operation when given. */
  readonly metrics?: Metrics;
  readonly file?: {
    /** See `FileConfig`; `synced` when absent. */
    readonly durability?: "synced" | "fast";
    /** Lets file buckets sign links and `serveSignedFile` answer them. */
    readonly signing?: FileSigning;
  };
}

/** Every store a process can reach. Buckets are opened at their first use and shared. */
export interface Stores {
  /**
   * The bucket that holds `uri`; its key is not looked at. Rejects with `unimplemented` for a scheme without a driver,
   * `failed_precondition` after `close`.
   */
  bucket(uri: StorageUri): Promise<Bucket>;
  /** What `serveSignedFile` judges links by; absent where file buckets sign nothing. */
  readonly signedFiles?: { readonly key: Uint8Array; readonly clock: Clock };
  /** Closes every bucket that was opened. */
  close(): Promise<void>;
}

/** Nothing is opened before the first `bucket` call. */
export function createStores(options: StoresOptions): Stores {
  const { clock, metrics, file } = options;
  const settings = { clock, file: { root: "/", ...file } };
  const opened = new Map<string, Promise<Driver>>();
  let closed = false;

  const open = (uri: StorageUri): Promise<Driver> => {
    const name = `${uri.scheme}://${uri.bucket}@${uri.account ?? ""}`;
    const known = opened.get(name);
    if (known !== undefined) return known;
    const driver = openDriver(uri, settings).then((bare) =>
      metrics === undefined ? bare : withMetrics(bare, metrics, clock),
    );
    opened.set(name, driver);
    // A failed opening must not stand for good: credentials or mounts may come later.
    driver.catch(() => opened.delete(name));
    return driver;
  };

  return {
    async bucket(uri) {
      if (closed)
        throw new DataPlaneError("failed_precondition", `open ${formatStorageUri(uri)}: the stores are closed`);
      const driver = await open(uri);
      return new Bucket(driver, (key) => formatStorageUri({ ...uri, key }));
    },
    ...(file?.signing !== undefined && { signedFiles: { key: file.signing.key, clock } }),
    async close() {
      closed = true;
      const drivers = await Promise.allSettled(opened.values());
      opened.clear();
      for (const driver of drivers) if (driver.status === "fulfilled") await driver.value.close();
    },
  };
}
