/** The seam for what concerns every call that comes in over HTTP: figures, traces, limits. */
import type { IncomingHttpHeaders } from "node:http";
import type { DescMethod } from "@bufbuild/protobuf";
import type { ErrorCode } from "@flyte-dataplane/core";

export type ProtocolName = "connect" | "grpc" | "grpc-web";

export interface BegunCall {
  readonly method: DescMethod;
  readonly protocol: ProtocolName;
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders;
  readonly caller: CallerAddress;
}

export interface CallerAddress {
  /** Of the other end of the connection, which may be a proxy; empty once that is closed. */
  readonly address: string;
}

export interface EndedCall {
  readonly code: ErrorCode | "ok";
  /** What the caller was told, if not an answer. */
  readonly thrown?: unknown;
  /** Bytes of messages as they crossed the wire, without heads and frames. */
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/**
 * Sees a call when it begins, before its body is read; what it returns sees the end, once, however the call ended.
 * Throwing a DataPlaneError or ConnectError refuses the call with it.
 */
export interface CallHook {
  (call: BegunCall): ((end: EndedCall) => void) | undefined;
  /**
   * It enters an asynchronous context that the rest of the call is to run in. Messages come in events of a connection that
   * many calls share, so the context has to be kept and entered again, which calls without such a hook do not pay for.
   */
  readonly entersContext?: boolean;
}
