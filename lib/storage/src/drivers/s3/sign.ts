import { DataPlaneError } from "@flyte-dataplane/core";
import type { S3Credentials } from "./credentials/credentials.ts";
import {
  type CanonicalHeaders,
  canonicalHeaders,
  canonicalQuery,
  encode,
  encodeQuery,
  lowerCased,
} from "./sign-canonical.ts";
import { type Scope, scopeOf, signature } from "./sign-key.ts";

/**
 * AWS Signature Version 4, in a header or in the query of a link. Nothing here waits or reads the clock; text that goes
 * onto the wire comes encoded and is signed as it is, since object stores, unlike AWS's other services, neither
 * normalise a path nor encode it a second time.
 */

/** What both ways of signing need. */
interface Signing {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** The Host header's value as it will be sent: a port that is the scheme's own is left out. */
  readonly host: string;
  readonly region: string;
  /** `s3` when absent. */
  readonly service?: string;
  /** The same object again is cheaper: keys derived from it are kept as long as it lives. */
  readonly credentials: S3Credentials;
  /** Milliseconds since the Unix epoch, by the store's clock. */
  readonly now: number;
}

export interface HeaderSigning extends Signing {
  /** Path and query as they will be sent, percent-encoded as `encodeKey` and `encodeQuery` do it. */
  readonly target: string;
  /** Everything that will be sent; what proxies and clients change on the way is not signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body in hexadecimal digits, or the word that stands for none. */
  readonly payloadHash: string;
}

export interface LinkSigning extends Signing {
  readonly scheme: "http" | "https";
  /** From the first slash, percent-encoded as `encodeKey` does it. */
  readonly path: string;
  /** Further parameters, not encoded. */
  readonly query?: Readonly<Record<string, string>>;
  /** What the caller of the link must send as it is. */
  readonly headers?: Readonly<Record<string, string>>;
  /** 1 to 604,800. */
  readonly expiresSeconds: number;
}

/** In place of a hash: the body is not covered by the signature. */
export const unsignedPayload = "UNSIGNED-PAYLOAD";

/** Of no bytes at all: what a request without a body is signed with. */
export const emptyPayloadHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Seconds for which a link may be valid. */
const maxLinkSeconds = 604_800;

const algorithm = "AWS4-HMAC-SHA256";

/**
 * The headers to send: those given, their names in lower case, and the signature's own. The client adds `host`.
 * Throws `invalid_argument` for a header that cannot be sent as it is: line ends, letters beyond ASCII.
 */
export function signHeaders(signing: HeaderSigning): Record<string, string> {
  const { method, credentials, target } = signing;
  const scope = scopeOf(signing.now, signing.region, signing.service ?? "s3");
  const { sent, canonical, authorization } = signedFields(signing, scope);
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : canonicalQuery(target.slice(mark + 1));
  const signed = signature(algorithm, credentials, scope, `${method}\n${path}\n${query}\n${canonical}`);
  return { ...sent, authorization: authorization + signed };
}

/** What is sent besides the signature, and how it is signed. */
interface SignedFields {
  readonly signing: HeaderSigning;
  readonly scope: Scope;
  readonly sent: Readonly<Record<string, string>>;
  /** The canonical request from its headers on. */
  readonly canonical: string;
  /** The header of that name up to the signature. */
  readonly authorization: string;
}

/** Requests of one second that differ in nothing but their target, as those for the objects of a tree, share all this. */
let latest: SignedFields | undefined;

function signedFields(signing: HeaderSigning, scope: Scope): SignedFields {
  const { host, headers: given, payloadHash, credentials } = signing;
  if (
    latest !== undefined &&
    latest.scope === scope &&
    latest.signing.headers === given &&
    latest.signing.host === host &&
    latest.signing.payloadHash === payloadHash &&
    latest.signing.credentials === credentials
  ) {
    return latest;
  }
  const sent = lowerCased(given);
  sent["x-amz-date"] = scope.moment;
  sent["x-amz-content-sha256"] = payloadHash;
  if (credentials.sessionToken !== undefined) sent["x-amz-security-token"] = credentials.sessionToken;
  // An object that a field was taken from is slower ever after, and hardly anybody gives this one.
  if (sent["authorization"] !== undefined) delete sent["authorization"];
  const headers = canonicalHeaders(host, sent);
  const credential = `${credentials.accessKeyId}/${scope.text}`;
  const fields = {
    signing,
    scope,
    sent,
    canonical: canonicalEnd(headers, payloadHash),
    authorization: `${algorithm} Credential=${credential}, SignedHeaders=${headers.names}, Signature=`,
  };
  // Only of headers that nobody can change meanwhile is it known that they are the same.
  if (Object.isFrozen(given)) latest = fields;
  return fields;
}

/**
 * The URL with which anybody may send the one request until `expiresSeconds` after `now`. Throws `invalid_argument` for
 * another stretch of time than stores accept. The link also dies with temporary credentials: whoever promises a moment
 * of expiry compares it with `credentials.expiresAt`.
 *
 * A path with a segment `.` or `..` is signed as it is, yet most clients resolve such segments before they send a
 * URL, so that the store refuses what arrives.
 */
export function presign(signing: LinkSigning): string {
  const { credentials, expiresSeconds, path } = signing;
  checkExpiry(expiresSeconds);
  const scope = scopeOf(signing.now, signing.region, signing.service ?? "s3");
  const headers = canonicalHeaders(signing.host, lowerCased(signing.headers ?? {}));
  const query = encodeQuery({
    ...signing.query,
    "X-Amz-Algorithm": algorithm,
    "X-Amz-Credential": `${credentials.accessKeyId}/${scope.text}`,
    "X-Amz-Date": scope.moment,
    "X-Amz-Expires": expiresSeconds.toString(),
    ...(credentials.sessionToken !== undefined && { "X-Amz-Security-Token": credentials.sessionToken }),
    "X-Amz-SignedHeaders": headers.names,
  });
  const canonical = `${signing.method}\n${path}\n${query}\n${canonicalEnd(headers, unsignedPayload)}`;
  const signed = signature(algorithm, credentials, scope, canonical);
  return `${signing.scheme}://${signing.host}${path}?${query}&X-Amz-Signature=${signed}`;
}

/**
 * `key` as it stands in a path: what RFC 3986 calls unreserved and the slash stay, every other byte of its UTF-8 form
 * is escaped. Throws `invalid_argument` for text that has no UTF-8 form.
 */
export function encodeKey(key: string): string {
  return encode(key, true);
}

function checkExpiry(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= maxLinkSeconds) return;
  const bounds = `from 1 to ${maxLinkSeconds.toLocaleString("en")} whole seconds`;
  throw new DataPlaneError("invalid_argument", `sign: a link is valid for ${bounds}, not ${seconds}`);
}

/** The canonical request behind its query. */
function canonicalEnd({ lines, names }: CanonicalHeaders, payloadHash: string): string {
  return `${lines}\n${names}\n${payloadHash}`;
}
