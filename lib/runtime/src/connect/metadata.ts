/** Header fields between Node's records and the web's Headers, which handlers and errors have. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
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

/** Adds `headers` to `target`, each name behind `prefix`; values of one name are joined. */
export function addFields(target: OutgoingHttpHeaders, headers: Headers | undefined, prefix = ""): void {
  if (headers === undefined) return;
  for (const [name, value] of headers) {
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
