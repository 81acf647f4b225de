import type { Env } from "@flyte-dataplane/core";

/** How a bucket of S3, or of anything that speaks its language, is reached. Credentials come beside it. */
export interface S3Config {
  readonly bucket: string;
  /**
   * Scheme, host and port of a store other than AWS, with the path before the bucket where there is one. It alone is then
   * asked: no answer can send a request, and with it a signature, to another host.
   */
  readonly endpoint?: string;
  /**
   * Absent: `us-east-1`, until the store's first refusal names another, which is then kept. A region given here that
   * turns out to be wrong is corrected in the same way, at the price of one request.
   */
  readonly region?: string;
  /**
   * `path`: the bucket is the first part of the path; `host`: it is the first part of the host's name. Default: `path`
   * with an endpoint and for names that are no DNS label, else `host`.
   */
  readonly addressing?: "path" | "host";
  /** The reader pays for buckets set up so; refused by those otherwise. Default: false. */
  readonly requesterPays?: boolean;
  /** How the store encrypts what is written; absent: as the bucket says. */
  readonly encryption?: S3Encryption;
  /**
   * Sent with each upload for the store to compare and keep, so that readers can compare too. Stores that know none
   * ignore it. Default: `crc32`, the cheapest that needs no addon (0.23 CPU-s per GiB; `sha256` 3.8).
   */
  readonly checksum?: "crc32" | "crc32c" | "sha256" | "none";
  /**
   * Signs the SHA-256 of every body. Default: false. TLS protects bodies already; over plain http bodies in memory of at
   * most 1 MiB are signed all the same (4 ms) and larger ones are not: hashing costs several times the sending.
   */
  readonly signPayload?: boolean;
  /**
   * Which writes heed `ifAbsent`: `all`; `single`, for stores that ignore it when parts are joined (Ceph 16);
   * `none`. A write that the store would not heed rejects with `unimplemented`. Default: `all`.
   */
  readonly conditionalWrites?: "all" | "single" | "none";
  /** False for stores on a file system (MinIO, versitygw): see `Capabilities.flatKeys`. Default: true. */
  readonly flatKeys?: boolean;
  /** Bytes of a part where a body of unknown length is cut; 5 MiB at least. Default: 8 MiB. */
  readonly partBytes?: number;
}

export type S3Encryption =
  /** With keys that the store keeps. */
  | { readonly kind: "AES256" }
  /** With a key of the key service; absent `keyId`: the account's own for S3. */
  | { readonly kind: "aws:kms"; readonly keyId?: string };

/** What the usual variables of the environment say about where S3 is; each field absent where they are silent. */
export interface AmbientS3 {
  readonly region?: string;
  readonly endpoint?: string;
  /** Path of a file of certificates in PEM, to be trusted beside the system's. */
  readonly caFile?: string;
}

/** Reads AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and AWS_CA_BUNDLE; empty means unset. */
export function ambientS3(env: Env): AmbientS3 {
  const first = (...names: readonly string[]): string | undefined =>
    names.map((name) => env[name]).find((value) => value !== undefined && value !== "");
  const ignored = env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.toLowerCase() === "true";
  const region = first("AWS_REGION", "AWS_DEFAULT_REGION");
  const endpoint = ignored ? undefined : first("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  const caFile = first("AWS_CA_BUNDLE");
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(caFile !== undefined && { caFile }),
  };
}
