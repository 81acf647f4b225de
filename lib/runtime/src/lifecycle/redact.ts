/**
 * What must never reach a log: values of fields named like secrets, passwords in URLs, the query of a signed URL, and
 * what stands behind a secret's name or an authorization scheme in a text.
 */

const hidden = "[hidden]";
const secretName =
  /(secret|password|passwd|token|credential|authorization|cookie|api[-_]?key|private[-_]?key|signature)/i;
/** Query parameters that make a URL usable by whoever reads it (S3, GCS, Azure and our own signed files). */
const signedQuery = /([?&](?:x-amz-|x-goog-|sig=|se=|signature=|expires=|token=)[^\s"'<>]*)/i;
/** Where a query stands without its URL, or after something that is not one. */
const signedParameter =
  /\b((?:x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|awsaccesskeyid|sig|signature)=)[^&\s"'<>]+/gi;
/** `secret_key=…` and `"secretKey": …`, quoted once or more, but not `secret_key_path=…`, and not the colon of a sentence. */
const namedSecret =
  /((?:secret|password|passwd|token|credential|api[-_]?key|access[-_]?key|private[-_]?key)(?:[-_]?(?:access)?[-_]?(?:key|id|value))?(?:\\*["']?\s?=|\\*["']\s?:)\s?\\*["']?)[^\s"'&,;<>\\]+/gi;
const authorization = /\b(bearer|basic|sharedkey)\s+[\w.~+/=:-]{8,}/gi;
/** What may be a URL, or hold one. */
const word = /[^\s"'<>]+/g;
const urlPassword = /\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"']*):[^\s@/"']+@/gi;
const maxDepth = 6;

/** A copy of `value` that may be written to a log under the field `name`. Values nested deeper than 6 are dropped. */
export function redact(name: string, value: unknown, depth: number = 0): unknown {
  if (secretName.test(name) && (typeof value === "string" || typeof value === "object") && value !== null)
    return hidden;
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxDepth) return "[deep]";
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => redact("", item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [redactText(key), redact(key, item, depth + 1)]),
  );
}

/**
 * `text` without passwords in URLs, without the query of any signed URL, and without what else opens something.
 * Texts are of any length and may be a caller's: each expression looks at every part of one a few times at most.
 */
export function redactText(text: string): string {
  let clean = text.includes("://") ? text.replace(urlPassword, `$1:${hidden}@`) : text;
  if (clean.includes("?")) clean = clean.replace(word, withoutSignature);
  if (clean.includes("=") || clean.includes(":"))
    clean = clean.replace(signedParameter, `$1${hidden}`).replace(namedSecret, `$1${hidden}`);
  return clean.includes(" ") ? clean.replace(authorization, `$1 ${hidden}`) : clean;
}

/** `word` without its query, if that query signs a URL or path. */
function withoutSignature(url: string): string {
  const mark = url.indexOf("?");
  const isSigned = url.lastIndexOf("/", mark) >= 0 && mark > 0 && signedQuery.test(url.slice(mark));
  return isSigned ? `${url.slice(0, mark)}?${hidden}` : url;
}
