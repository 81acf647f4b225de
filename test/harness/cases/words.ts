import type { World } from "../case.ts";

export interface StoreWords {
  /** Pairs of the store's settings; those that find the store by default. */
  readonly pairs?: Readonly<Record<string, string>>;
  readonly container?: string;
  readonly multiContainer?: boolean;
  /** MiB; 0 for any size. */
  readonly limit?: number;
  readonly logLevel?: number;
}

/** Settings under which a program reaches the case's store. */
export function storePairs({ store, work }: World): Readonly<Record<string, string>> {
  if (store.kind === "files") return { path: work };
  return {
    access_key_id: store.accessKeyId,
    auth_type: "accesskey",
    endpoint: store.endpoint,
    region: store.region,
    secret_key: store.secretKey,
  };
}

/** The words before the sub-command, in the order and form in which an executor writes them. */
export function storeWords(world: World, words: StoreWords = {}): readonly string[] {
  const { pairs = storePairs(world), container = world.store.bucket, multiContainer = false, limit = 0 } = words;
  const files = world.store.kind === "files";
  return [
    `--storage.limits.maxDownloadMBs=${limit}`,
    `--logger.level=${words.logLevel ?? 4}`,
    ...(multiContainer ? ["--storage.enable-multicontainer"] : []),
    `--storage.container=${container}`,
    `--storage.type=${files ? "local" : "stow"}`,
    ...Object.entries(pairs).flatMap(([key, value]) => ["--storage.stow.config", `${key}=${value}`]),
    `--storage.stow.kind=${files ? "local" : "s3"}`,
  ];
}

/** What a download of the case's inputs is told. */
export function downloadWords({ base, work }: World): readonly string[] {
  return [
    "download",
    "--from-remote",
    `${base}/in/inputs.pb`,
    "--to-output-prefix",
    `${base}/out`,
    "--to-local-dir",
    `${work}/in`,
  ];
}

/** What a sidecar is told; its outputs are declared by `declared`, base64. */
export function sidecarWords({ base, work }: World, declared: string, timeLimit = true): readonly string[] {
  return [
    "sidecar",
    ...(timeLimit ? ["--timeout", "1h0m0s"] : []),
    "--to-raw-output",
    `${base}/raw`,
    "--to-output-prefix",
    `${base}/out`,
    "--from-local-dir",
    `${work}/left`,
    "--interface",
    declared,
  ];
}
