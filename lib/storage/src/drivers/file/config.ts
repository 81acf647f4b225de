/** How the file driver keeps objects. */
export interface FileConfig {
  /** Absolute path of the folder that holds the store; `/` makes every absolute path a key. */
  readonly root: string;
  /**
   * `synced` (the default): an object is on the disk before `put` resolves, at the price of two flushes per object.
   * `fast`: it survives the end of the process but not of the machine.
   */
  readonly durability?: "synced" | "fast";
  /** Lets the driver sign links that our own server answers; without it `capabilities.sign` is absent. */
  readonly signing?: FileSigning;
}

export interface FileSigning {
  /** At least 32 random bytes, the same for whoever signs and whoever answers; `loadSigningKey` keeps them. */
  readonly key: Uint8Array;
  /** Scheme, host and port under which the server is reached; asked at each signature, since a port may come late. */
  readonly endpoint: () => string;
}
