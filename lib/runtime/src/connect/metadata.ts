/** Header fields between Node's records and the web's Headers, which handlers and errors have. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { isLegalFieldValue } from "../server/answer-headers.ts";
import { hostOf } from "./exchange.ts";

/** HTTP/2 names the host outside of its headers; handlers find it where HTTP/1.1 has it. */
export function webHeaders(headers: IncomingHttpHeaders): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) result.append(name, item);
  }
  const host = hostOf(headers);
  if (host !== undefined) result.set("host", host);
  return result;
}

/**
 * What belongs to one connection and one body. An error that came from another server brings that server's along, and
 * HTTP/2 refuses an answer with them.
 */
const ofTheMessage: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Adds `headers` to `target`, each name behind `prefix`, but those that HTTP itself needs; values of one name are joined. */
export function addFields(target: OutgoingHttpHeaders, headers: Headers | undefined, prefix = ""): void {
  if (headers === undefined) return;
  for (const [name, value] of headers) {
    // An error may bring such a value from anywhere; without it the rest of the answer still goes out.
    if (ofTheMessage.has(name) || !isLegalFieldValue(value)) continue;
    const key = prefix + name;
    const before = target[key];
    target[key] = before === undefined ? value : `${String(before)}, ${value}`;
  }
}

/** A header field that may come once. */
export function single(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
