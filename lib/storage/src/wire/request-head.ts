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
  const { method, target, headers, bodyLength } = head;
  if (!/^[A-Z]+$/.test(method)) throw invalid("a method is upper-case letters");
  if (!/^[\x21-\x7e]+$/.test(target)) throw invalid("a target is printable ASCII without blanks; encode the rest");
  let fields = "";
  const seen: string[] = [];
  for (const name in headers) {
    const value = headers[name] ?? "";
    const known = knownNames.get(name) ?? checkedName(name);
    const { key } = known;
    if (known.value !== value) {
      if (!isFieldValue(value)) throw invalid(`the value of header "${key}" has a character that is not allowed`);
      known.value = value;
    }
    if (seen.includes(key)) throw invalid(`header "${key}" is there twice`);
    if (key === "content-length" && value !== String(bodyLength ?? 0)) {
      throw invalid('header "content-length" is not the body\'s length');
    }
    seen.push(key);
    fields += `${name}: ${value}\r\n`;
  }
  const host = seen.includes("host") ? "" : `host: ${head.hostField}\r\n`;
  const framing = seen.includes("content-length") ? "" : framingField(method, bodyLength);
  return `${method} ${target} HTTP/1.1\r\n${host}${fields}${framing}\r\n`;
}

interface KnownName {
  /** In lower case. */
  readonly key: string;
  /** The last one that was found to be proper: of most names each request has the same. */
  value: string;
}

/** Names that were found to be proper, by their spelling: every request has the same few. */
const knownNames = new Map<string, KnownName>();
const maxKnownNames = 256;

function checkedName(name: string): KnownName {
  if (!isFieldName(name)) throw invalid("a header's name has a character that is not allowed");
  const key = name.toLowerCase();
  if (ownFields.has(key)) throw invalid(`header "${key}" is the client's own`);
  // A user's metadata has names of its own; they must not fill the memory.
  const known = { key, value: "" };
  if (knownNames.size < maxKnownNames) knownNames.set(name, known);
  return known;
}

function framingField(method: string, bodyLength: number | "chunked" | undefined): string {
  if (bodyLength === "chunked") return "transfer-encoding: chunked\r\n";
  if (bodyLength === undefined && !bodyMethods.has(method)) return "";
  return `content-length: ${bodyLength ?? 0}\r\n`;
}

function invalid(what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `a request that cannot be written: ${what}`);
}
