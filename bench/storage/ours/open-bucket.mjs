// @ts-check
// How the programs here reach their store: from the variables that the SDKs share, as a copilot does.

import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { abortError, parseStorageUri } from "@flyte-dataplane/core";
import { createStores } from "@flyte-dataplane/storage";

/** @type {import("@flyte-dataplane/core").Clock} */
export const clock = {
  now: () => Date.now(),
  async sleep(ms, { signal } = {}) {
    if (signal?.aborted === true) throw abortError(signal);
    await setTimeout(ms, undefined, { signal });
  },
};

/**
 * @template T
 * @param {string} name
 * @param {(bucket: import("@flyte-dataplane/storage").Bucket) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withBucket(name, use) {
  const { env } = process;
  const ca = env["BENCH_CA"];
  const stores = createStores({
    clock,
    network: { env, writes: "sync" },
    // As its peers are told: nobody computes a checksum on the way up.
    s3: { checksum: "none", ...(ca !== undefined && { ca: readFileSync(ca, "utf8") }) },
  });
  try {
    return await use(await stores.bucket(parseStorageUri(`s3://${name}/`)));
  } finally {
    await stores.close();
  }
}
