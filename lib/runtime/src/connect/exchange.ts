/** One HTTP request and its answer, whichever version of HTTP carries them: all that the wire protocols know of HTTP. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { CallerAddress } from "../server/call-hook.ts";
import type { Placed } from "../server/under-way.ts";

export interface Exchange extends CallerAddress, Placed {
  readonly httpVersion: 1 | 2;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** What follows the question mark, still encoded; empty where nothing does. */
  readonly query: string;
  /** Lower-case names; what HTTP/2 says of the request itself begins with a colon. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** True when no byte of the body is on its way any more. */
  readonly bodyArrived: boolean;
  /** True once the head of the answer went out. */
  readonly headSent: boolean;
  /** True when nothing can be answered any more. */
  readonly closed: boolean;
  /** Calls `listener` once the exchange is over; `left` says that the caller went before the answer was complete. */
  onClose(listener: (left: boolean) => void): void;
  /** Header fields that the answer will carry besides its own. */
  addHeaders(headers: Readonly<Record<string, string>>): void;
  /** Sends the head; `trailers` announces that some follow the body. Does nothing once closed. */
  head(status: number, headers: OutgoingHttpHeaders, options?: { readonly trailers: boolean }): void;
  /** Sends a part of the body; false when the caller reads slower than we write, until `onDrain` tells otherwise. */
  write(bytes: Uint8Array): boolean;
  /** Calls `listener` once what was written has been taken. */
  onDrain(listener: () => void): void;
  /** Ends the answer. `trailers` only after a head that announced them. */
  end(bytes?: Uint8Array, trailers?: OutgoingHttpHeaders): void;
  /** Lets no further request follow on the connection; over HTTP/2 each call is a stream of its own, and nothing is to be done. */
  lastOnConnection(): void;
  /** Breaks the exchange off: the caller sees an answer that is cut. */
  destroy(): void;
}

/** The Host header, or what HTTP/2 has in its place. */
export function hostOf(headers: IncomingHttpHeaders): string | undefined {
  const authority = headers[":authority"];
  return headers.host ?? (typeof authority === "string" ? authority : undefined);
}

/** The path and the query of a request's target. */
export function splitTarget(target: string): readonly [path: string, query: string] {
  const at = target.indexOf("?");
  return at < 0 ? [target, ""] : [target.slice(0, at), target.slice(at + 1)];
}
