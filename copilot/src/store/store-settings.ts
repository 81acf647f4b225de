/** What the configuration says about the store of the task's data. */
export interface StoreSettings {
  /** Which scheme is the store's own. */
  readonly type: "stow" | "s3" | "minio" | "local" | "mem" | "redis";
  /** Driver of the store; undefined: not said. */
  readonly kind: string | undefined;
  /** Settings of that driver, by name. */
  readonly config: ReadonlyMap<string, string>;
  /** Bucket; empty: not said. */
  readonly container: string;
  readonly multiContainer: boolean;
  /** Whether anything says which store it is. */
  readonly chosen: boolean;
  /** How S3 is reached where it is not the store of the task's data. */
  readonly s3Scheme: { readonly kind: string | undefined; readonly config: ReadonlyMap<string, string> };
  /** Milliseconds; 0: as the driver has it. */
  readonly timeoutMs: number;
  /** 0: as the driver has it. */
  readonly maxConnectionsPerHost: number;
}
