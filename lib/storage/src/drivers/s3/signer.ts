import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";
import { attachment } from "../../content-disposition.ts";
import type { SignedRequest, Signer, SignGetOptions, SignPutOptions } from "../../driver.ts";
import type { CredentialsProvider } from "./credentials/credentials.ts";
import { metadataHeaders } from "./metadata.ts";
import { presign } from "./sign.ts";

export interface S3SignerDeps {
  /** Milliseconds since the Unix epoch, by the store's clock. */
  readonly now: () => number;
  readonly credentials: CredentialsProvider;
  /** The bucket's own; asked before `locate`, and may ask the store. */
  readonly region: (options: { readonly signal?: AbortSignal }) => Promise<string>;
  /** Where `key` is found; `endpoint` (scheme, host and port) stands in for the configured one. */
  readonly locate: (key: string, endpoint: string | undefined) => ObjectLocation;
  /** Parameters that the bucket's settings add to each link, not encoded. */
  readonly query?: Readonly<Record<string, string>>;
  /** Headers that they add to each upload, such as those of encryption; callers of a link must send them too. */
  readonly putHeaders?: Readonly<Record<string, string>>;
}

export interface ObjectLocation {
  readonly scheme: "http" | "https";
  /** The Host header's value. */
  readonly host: string;
  /** Percent-encoded, bucket included where it is part of the path. */
  readonly path: string;
}

/**
 * Signs links to objects. A link ends when the credentials that signed it do: `expiresAt` of the answer is the earlier of
 * that moment and the one asked for. Rejects with `invalid_argument` for a moment that is past or more than seven days
 * ahead, `unauthenticated` without credentials or when they have ended.
 */
export function s3Signer(deps: S3SignerDeps): Signer {
  return {
    signGet: async (key: string, options: SignGetOptions) => {
      const { downloadName } = options;
      const query = {
        ...deps.query,
        ...(downloadName !== undefined && { "response-content-disposition": attachment(downloadName) }),
      };
      return await signLink(deps, { method: "GET", key, query, headers: {}, options });
    },
    signPut: async (key: string, options: SignPutOptions) => {
      const { contentLength, contentMd5, contentType, metadata = {} } = options;
      const headers = {
        ...deps.putHeaders,
        ...(contentLength !== undefined && { "Content-Length": contentLength.toString() }),
        ...(contentMd5 !== undefined && { "Content-MD5": Buffer.from(contentMd5).toString("base64") }),
        ...(contentType !== undefined && { "Content-Type": contentType }),
        ...asSpelt(metadata),
      };
      return await signLink(deps, { method: "PUT", key, query: deps.query ?? {}, headers, options });
    },
  };
}

interface Link {
  readonly method: "GET" | "PUT";
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly options: SignGetOptions | SignPutOptions;
}

async function signLink(deps: S3SignerDeps, link: Link): Promise<SignedRequest> {
  const { method, key, query, headers, options } = link;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const credentials = await deps.credentials(call);
  if (credentials === undefined) {
    throw new DataPlaneError("unauthenticated", "sign: requests to this bucket are anonymous; configure credentials");
  }
  const region = await deps.region(call);
  const now = deps.now();
  const end = Math.min(options.expiresAt, credentials.expiresAt ?? Number.POSITIVE_INFINITY);
  if (credentials.expiresAt !== undefined && credentials.expiresAt < now + 1000) {
    throw new DataPlaneError("unauthenticated", "sign: the credentials have ended");
  }
  // A signature's moment has whole seconds: counted from there, and rounded down, no link outlives its promise.
  const signedAt = Math.floor(now / 1000) * 1000;
  const expiresSeconds = Math.floor((end - signedAt) / 1000);
  const { scheme, host, path } = deps.locate(key, options.endpoint);
  // Each field by its name: an object that begins with a spread costs as much as the signature.
  const url = presign({ scheme, host, path, method, query, headers, region, credentials, now, expiresSeconds });
  return { method, url, headers, expiresAt: signedAt + expiresSeconds * 1000 };
}

/** Names as the caller wrote them: clients copy the headers of a link and may compare them with their own. */
function asSpelt(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const headers = metadataHeaders(metadata);
  const spelt = Object.keys(metadata).map((name) => {
    const field = `x-amz-meta-${name}`;
    return [field, headers[field.toLowerCase()] ?? ""];
  });
  return Object.fromEntries(spelt) as Record<string, string>;
}
