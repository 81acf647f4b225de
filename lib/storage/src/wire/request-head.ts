import { DataPlaneError } from "@flyte-dataplane/core";
import { isFieldName, isFieldValue } from "./fields.ts";

/** A request as it is to be written. */
export interface RequestHead {
  readonly method: string;
  /** Path and query, or a whole URL for a proxy, or `host:port` for CONNECT. */
  readonly target: string;
  /** For a `Host` field unless `headers` has one. */
  readonly hostField: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of body; `chunked` if nobody knows; undefined without a body. */
  readonly bodyLength: number | "chunked" | undefined;
}

/** Fields about this one connection; the client alone knows what is true of it. */
const ownFields: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const bodyMethods: ReadonlySet<string> = new Set(["PATCH", "POST", "PUT"]);

/**
 * A request's head, in letters of Latin-1. Rejects with `invalid_argument` whatever could end a line early or say two lengths:
 * what a caller put into a name, value or target must not become a field or a request of its own.
 */
export function formatRequestHead(head: RequestHead): string {
  if (!/^[A-Z]+$/.test(head.method)) throw invalid("a method is upper-case letters");
  if (!/^[\x21-\x7e]+$/.test(head.target)) throw invalid("a target is printable ASCII without blanks; encode the rest");
  const fields = checkedFields(head);
  let text = `${head.method} ${head.target} HTTP/1.1\r\n`;
  if (!fields.has("host")) text += `host: ${head.hostField}\r\n`;
  for (const [name, value] of Object.entries(head.headers)) text += `${name}: ${value}\r\n`;
  if (head.bodyLength === "chunked") text += "transfer-encoding: chunked\r\n";
  else if (!fields.has("content-length")) text += contentLength(head.method, head.bodyLength);
  return `${text}\r\n`;
}

function checkedFields({ headers, bodyLength }: RequestHead): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    if (!isFieldName(name)) throw invalid("a header's name has a character that is not allowed");
    if (!isFieldValue(value)) throw invalid(`the value of header "${key}" has a character that is not allowed`);
    if (ownFields.has(key)) throw invalid(`header "${key}" is the client's own`);
    if (fields.has(key)) throw invalid(`header "${key}" is there twice`);
    fields.set(key, value);
  }
  const length = fields.get("content-length");
  if (length !== undefined && length !== String(bodyLength ?? 0)) {
    throw invalid('header "content-length" is not the body\'s length');
  }
  return fields;
}

function contentLength(method: string, bodyLength: number | undefined): string {
  if (bodyLength === undefined && !bodyMethods.has(method)) return "";
  return `content-length: ${bodyLength ?? 0}\r\n`;
}

function invalid(what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `a request that cannot be written: ${what}`);
}
