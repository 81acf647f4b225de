import type { StoreServer } from "@flyte-dataplane/test-support";
import type { Harness, Proof } from "../../src/conformance/harness.ts";
import type { Driver } from "../../src/driver.ts";
import { withPrefix } from "../../src/with-prefix.ts";
import { withRetry } from "../../src/with-retry.ts";
import { socketsTo } from "./open-sockets.ts";
import { realClock } from "./real-clock.ts";
import { openS3Store } from "./s3-store.ts";

export interface S3HarnessOptions {
  readonly wrap?: (driver: Driver) => Driver;
  /** Address of a proxy before the server. */
  readonly endpoint?: string;
  readonly cannotProve: readonly Proof[];
}

/** Buckets of their own on a server that the suite has started and will stop. */
export function s3Harness(server: StoreServer, { wrap, endpoint, cannotProve }: S3HarnessOptions): Harness {
  const address = new URL(endpoint ?? server.endpoint);
  let bucket = "";
  let isOpen = false;
  return {
    async open() {
      bucket = await server.createBucket();
      isOpen = true;
      const bare = openS3Store(server, bucket, { endpoint: address.origin });
      const driver = wrap === undefined ? bare : wrap(bare);
      return watchClosing(driver, () => {
        isOpen = false;
      });
    },
    async leftovers() {
      const { held, unread } = await socketsTo(Number(address.port));
      // An open driver keeps connections for its next requests; a closed one has none.
      return [...(await server.uploads(bucket)), ...(isOpen ? unread : held)];
    },
    earlySigner: async () => {
      const clock = { ...realClock, now: () => Date.now() - 3_600_000 };
      return await Promise.resolve(openS3Store(server, bucket, { endpoint: address.origin, clock }).signer);
    },
    cannotProve,
    close: () => Promise.resolve(),
  };
}

function watchClosing(driver: Driver, closed: () => void): Driver {
  const { signer, multipart } = driver;
  return {
    scheme: driver.scheme,
    capabilities: driver.capabilities,
    ...(signer !== undefined && { signer }),
    ...(multipart !== undefined && { multipart }),
    head: (key, options) => driver.head(key, options),
    get: (key, options) => driver.get(key, options),
    put: (key, body, options) => driver.put(key, body, options),
    list: (prefix, options) => driver.list(prefix, options),
    delete: (key, options) => driver.delete(key, options),
    async close() {
      await driver.close();
      closed();
    },
  };
}

/** What stands between a driver and its callers. */
export const wrappers: readonly { readonly name: string; readonly wrap: (driver: Driver) => Driver }[] = [
  { name: "with retries", wrap: (driver) => withQuickRetry(driver) },
  { name: "below a prefix", wrap: (driver) => withPrefix(driver, "pre fix/é/") },
];

/** Retries as in production, but for waits that tests have no time for. */
export function withQuickRetry(driver: Driver): Driver {
  return withRetry(driver, { baseMs: 1, maxMs: 5 }, { clock: realClock });
}
