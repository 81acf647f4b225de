import { type Clock, DataPlaneError, formatStorageUri, type Metrics, type StorageUri } from "@flyte-dataplane/core";
import { Bucket } from "./bucket.ts";
import type { Driver, GetOptions } from "./driver.ts";
import type { FileSigning } from "./drivers/file/config.ts";
import { parseWebAddress } from "./drivers/http/address.ts";
import { openWebObject, type WebObject } from "./drivers/http/web-object.ts";
import type { S3Settings } from "./drivers/s3/open.ts";
import type { NetworkOptions } from "./network.ts";
import { createRegistry } from "./registry.ts";
import type { RetryPolicy } from "./retry/policy.ts";
import { withMetrics } from "./with-metrics.ts";
import { withRetry } from "./with-retry.ts";

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
  /** How stores outside this machine are reached; absent, URIs of theirs and web addresses reject with `unimplemented`. */
  readonly network?: NetworkOptions;
  /** For every bucket of S3; what is left out comes from the environment. */
  readonly s3?: S3Settings;
  /** How failures on the network are met, in place of the defaults. */
  readonly retry?: Partial<RetryPolicy>;
  /** Called before each further attempt at an operation on the network. */
  readonly onRetry?: () => void;
}

/** Every store a process can reach. Buckets are opened at their first use and shared. */
export interface Stores {
  /**
   * The bucket that holds `uri`; its key is not looked at. Rejects with `unimplemented` for a scheme without a driver,
   * `failed_precondition` after `close`.
   */
  bucket(uri: StorageUri): Promise<Bucket>;
  /**
   * Opens what a web server gives for an http(s) address, redirects followed. `info.size` is `Infinity` where the server
   * does not tell it. Rejects as `Driver.get` does, and with `invalid_argument` for what is no address.
   */
  web(address: string, options?: GetOptions): Promise<WebObject>;
  /** What `serveSignedFile` judges links by; absent where file buckets sign nothing. */
  readonly signedFiles?: { readonly key: Uint8Array; readonly clock: Clock };
  /** Closes every bucket that was opened. */
  close(): Promise<void>;
}

/** Nothing is opened before the first `bucket` call. */
export function createStores(options: StoresOptions): Stores {
  const { clock, file, network, s3 } = options;
  const registry = createRegistry({
    clock,
    file: { root: "/", ...file },
    ...(network !== undefined && { network }),
    ...(s3 !== undefined && { s3 }),
  });
  const opened = new Map<string, Promise<Driver>>();
  let closed = false;

  const shared = (name: string, open: () => Promise<Driver>): Promise<Driver> => {
    const known = opened.get(name);
    if (known !== undefined) return known;
    const driver = open().then((bare) => wrapped(bare, options));
    opened.set(name, driver);
    // A failed opening must not stand for good: credentials or mounts may come later.
    driver.catch(() => opened.delete(name));
    return driver;
  };
  const checkOpen = (what: string): void => {
    if (closed) throw new DataPlaneError("failed_precondition", `open ${what}: the stores are closed`);
  };

  return {
    async bucket(uri) {
      checkOpen(formatStorageUri(uri));
      const driver = await shared(`${uri.scheme}://${uri.bucket}@${uri.account ?? ""}`, () => registry.open(uri));
      return new Bucket(driver, (key) => formatStorageUri({ ...uri, key }));
    },
    async web(text, get = {}) {
      const address = parseWebAddress(text);
      checkOpen(address.ref);
      const driver = await shared(address.origin, () => registry.openWeb(address.origin));
      return await openWebObject(driver, address, get);
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

/** Files and memory fail for reasons that waiting does not mend: only what crosses the network is tried again. */
function wrapped(bare: Driver, { clock, metrics, network, retry, onRetry }: StoresOptions): Driver {
  const remote = bare.scheme !== "file" && bare.scheme !== "mem";
  const driver = remote
    ? withRetry(bare, retry ?? {}, {
        clock,
        ...(metrics !== undefined && { metrics }),
        ...(onRetry !== undefined && { onRetry }),
        ...(network?.random !== undefined && { random: network.random }),
        ...(network?.logger !== undefined && { logger: network.logger }),
      })
    : bare;
  return metrics === undefined ? driver : withMetrics(driver, metrics, clock);
}
