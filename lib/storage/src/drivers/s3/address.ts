import { DataPlaneError } from "@flyte-dataplane/core";
import type { S3Config } from "./config.ts";
import { encodeKey } from "./sign.ts";
import type { ObjectLocation } from "./signer.ts";

/** Where a bucket is found. */
export interface BucketAddress {
  readonly scheme: "http" | "https";
  /** As the Host header has it: without the port that is the scheme's own. */
  readonly host: string;
  /** Before the key, with its leading slash and without one at the end; empty where the host names the bucket. */
  readonly path: string;
}

/**
 * The bucket's address in `region`, at `endpoint` where one is given. Throws `invalid_argument` for an endpoint that is no
 * `http(s)://host[:port][/path]`, or a bucket that cannot be part of a host's name where it has to.
 */
export function bucketAddress(
  config: Pick<S3Config, "bucket" | "addressing">,
  region: string,
  endpoint: string | undefined,
): BucketAddress {
  const base = endpoint === undefined ? awsEndpoint(region) : parseEndpoint(endpoint);
  const { bucket, addressing = endpoint === undefined && isLabel(bucket) ? "host" : "path" } = config;
  if (addressing === "path") return { ...base, path: `${base.path}/${encodeKey(bucket)}` };
  // A dot is another label: it resolves with a custom endpoint's wildcard, though no certificate covers it.
  if (!/^[a-z0-9.-]+$/i.test(bucket)) {
    throw new DataPlaneError(
      "invalid_argument",
      `bucket "${bucket}" cannot be part of a host name; use path addressing`,
    );
  }
  return { ...base, host: `${bucket}.${base.host}` };
}

/** Where `key` is found; the bucket itself for no key. */
export function locate({ scheme, host, path }: BucketAddress, key: string | undefined): ObjectLocation {
  if (key === undefined) return { scheme, host, path: path === "" ? "/" : path };
  return { scheme, host, path: `${path}/${encodeKey(key)}` };
}

function isLabel(bucket: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])?$/.test(bucket);
}

/** The regional names, also for us-east-1: its old global name answers for other regions' buckets too, by redirect. */
function awsEndpoint(region: string): BucketAddress {
  if (!/^[a-z0-9-]{1,40}$/.test(region))
    throw new DataPlaneError("invalid_argument", `"${region}" is no region of AWS`);
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return { scheme: "https", host: `s3.${region}.${suffix}`, path: "" };
}

function parseEndpoint(endpoint: string): BucketAddress {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const plain = url !== undefined && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  const scheme = url?.protocol === "https:" ? "https" : "http";
  if (!plain || url.host === "" || `${scheme}:` !== url.protocol) {
    const shown = endpoint.replace(/[?#].*$/s, "").replace(/\/\/[^/]*@/, "//");
    throw new DataPlaneError("invalid_argument", `S3 endpoint "${shown}" must read "https://host:port" or "http://…"`);
  }
  return { scheme, host: url.host, path: url.pathname.replace(/\/+$/, "") };
}
