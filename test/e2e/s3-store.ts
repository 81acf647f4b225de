/** A bucket of S3 at a store server of its own, and how `flyte-dataplane` is told of it. */
import { type StoreServer, startVersitygw } from "@flyte-dataplane/test-support";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Paths of the server programs that there are, by the names of `npm run tools`. */
    storePrograms: Readonly<Record<string, string>>;
  }
}

export interface S3Store {
  readonly store: StoreServer;
  readonly bucket: string;
  /** Where the server keeps everything: below a prefix, as in a bucket that others use, too. */
  readonly base: string;
  /** What tells the server of it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The path of the quickest store server; undefined where nobody got it. */
export function storeProgram(): string | undefined {
  return inject("storePrograms")["versitygw"];
}

/** A fresh store with an empty bucket. */
export async function startS3Store(program: string): Promise<S3Store> {
  const store = await startVersitygw({ program });
  const bucket = await store.createBucket();
  const base = `s3://${bucket}/deep`;
  const prefix = "FLYTE_DATAPLANE_STORAGE_";
  return {
    store,
    bucket,
    base,
    environment: {
      [`${prefix}BASE`]: base,
      [`${prefix}STOW_CONFIG_ENDPOINT`]: store.endpoint,
      [`${prefix}STOW_CONFIG_REGION`]: store.region,
      [`${prefix}STOW_CONFIG_ACCESS_KEY_ID`]: store.accessKeyId,
      [`${prefix}STOW_CONFIG_SECRET_KEY`]: store.secretAccessKey,
      [`${prefix}S3_TREE_KEYS`]: "true",
    },
  };
}
