import { readFile } from "node:fs/promises";
import { type Clock, DataPlaneError, type Env, type Logger } from "@flyte-dataplane/core";
import { createStores, type NetworkOptions, type S3Settings, type Stores } from "@flyte-dataplane/storage";
import { boundedStores } from "./bounded-stores.ts";
import { type PrimaryStore, primaryStore } from "./primary-store.ts";
import { s3Settings } from "./s3-settings.ts";
import type { StoreSettings } from "./store-settings.ts";

export interface StoresDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: Env;
  /** Called before each request that is made again. */
  readonly onRetry?: () => void;
}

/**
 * The stores that the settings describe. Nothing is asked of a store, and none is ever created. Rejects (origin user) with
 * `invalid_argument` or `unimplemented` for settings that describe none, `failed_precondition` for a file that they name
 * and that is not there.
 */
export async function openStores(settings: StoreSettings, { clock, log, env, onRetry }: StoresDeps): Promise<Stores> {
  const primary = primaryStore(settings);
  const s3 = s3Of(settings, primary);
  await checkSecretFile(s3);
  const stores = createStores({
    clock,
    network: { env, writes: "sync", logger: log, limits: limitsOf(settings) },
    ...(s3 !== undefined && { s3 }),
    ...(onRetry !== undefined && { onRetry }),
  });
  // Loads the driver, which reads the rest of what it is told: a wrong address is a fault of the settings, not of a task.
  if (primary.scheme === "s3") await stores.bucket({ scheme: "s3", bucket: settings.container, key: "" });
  return boundedStores(stores, primary);
}

/** Undefined: as the surroundings say. */
function s3Of({ config, s3Scheme }: StoreSettings, primary: PrimaryStore): S3Settings | undefined {
  if (primary.scheme === "s3") return s3Settings(config);
  return s3Scheme.config.size === 0 ? undefined : s3Settings(s3Scheme.config);
}

async function checkSecretFile(s3: S3Settings | undefined): Promise<void> {
  if (s3?.credentials?.kind !== "given" || !("path" in s3.credentials.secret)) return;
  const { path } = s3.credentials.secret;
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw missing(path, "it cannot be read", cause);
  });
  if (text.trim() === "") throw missing(path, "it is empty");
}

function missing(path: string, why: string, cause?: unknown): DataPlaneError {
  return new DataPlaneError(
    "failed_precondition",
    `configure the store: "secret_key_path" of storage.stow.config names ${path}: ${why}`,
    { origin: "user", ref: path, cause },
  );
}

/** One limit there bounds what are several here; a whole transfer is bounded by the command's own time limit. */
function limitsOf({ timeoutMs, maxConnectionsPerHost }: StoreSettings): NonNullable<NetworkOptions["limits"]> {
  return {
    ...(timeoutMs > 0 && {
      firstByteTimeoutMs: timeoutMs,
      idleTimeoutMs: timeoutMs,
      connectTimeoutMs: Math.min(timeoutMs, longestConnectMs),
    }),
    ...(maxConnectionsPerHost > 0 && { maxConnectionsPerOrigin: maxConnectionsPerHost }),
  };
}

const longestConnectMs = 10_000;
