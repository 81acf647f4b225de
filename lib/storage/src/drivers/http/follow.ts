import { DataPlaneError } from "@flyte-dataplane/core";
import type { WireClient, WireResponse } from "../../wire/exchange.ts";
import type { HttpConfig } from "./config.ts";

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface WebRequest {
  readonly method: "GET" | "HEAD";
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends a request and goes where redirects lead, never from https to http, and never with the configured headers to
 * another origin. Rejects with `failed_precondition` for a redirect that is not followed and for too many of them.
 */
export async function follow(config: HttpConfig, wire: WireClient, request: WebRequest): Promise<WireResponse> {
  const { method, headers, signal } = request;
  const home = new URL(config.origin).origin;
  let origin = home;
  let target = `/${request.key}`;
  for (let left = config.maxRedirects ?? 10; ; left -= 1) {
    const response = await wire.send({
      method,
      origin,
      target,
      headers: { ...(origin === home && config.headers), ...headers },
      ...(signal !== undefined && { signal }),
    });
    const location = response.headers.get("location");
    if (!redirects.has(response.status) || location === undefined) return response;
    await response.discard();
    if (left <= 0) throw refused("it redirects again and again");
    ({ origin, target } = resolve(location, origin, target));
  }
}

function resolve(
  location: string,
  origin: string,
  target: string,
): { readonly origin: string; readonly target: string } {
  const url = URL.canParse(location, origin + target) ? new URL(location, origin + target) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw refused("it redirects to no web address");
  if (url.username !== "" || url.password !== "") throw refused("it redirects to an address with a user's name");
  if (origin.startsWith("https:") && url.protocol === "http:") throw refused("it redirects from https to http");
  return { origin: url.origin, target: asWritten(location) ?? `${url.pathname}${url.search}` };
}

/** Path and query as the server wrote them, which a signature may cover byte by byte; undefined for what is relative. */
function asWritten(location: string): string | undefined {
  return /^(?:https?:\/\/[^/?#\\]+)?(\/(?!\/)[\x21\x22\x24-\x7e]*)(?:#.*)?$/i.exec(location)?.[1];
}

function refused(what: string): DataPlaneError {
  return new DataPlaneError("failed_precondition", `the server's answer leads nowhere: ${what}`);
}
