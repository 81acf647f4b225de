import type { Interceptor } from "@connectrpc/connect";
import type { Clock, Env, LogFields } from "@flyte-dataplane/core";
import type { CallHook } from "../server/call-hook.ts";

export interface Telemetry {
  /** Makes a span of every call that comes in; it continues the trace of the caller's `traceparent`. */
  readonly callHook: CallHook;
  /** Makes a span of every call that goes out or to a neighbour in the process, and sends `traceparent` along. */
  readonly interceptor: Interceptor;
  /** `traceId` and `spanId` of the call that the asking code runs for; empty outside of calls. */
  readonly logFields: () => LogFields;
  /** Sends what is not sent yet, within 3 seconds. Never rejects. */
  close(): Promise<void>;
}

export interface TelemetryOptions {
  /** The exporter reads more of them from the process itself: headers, certificates, time limits. */
  readonly env: Env;
  readonly version: string;
  readonly clock: Clock;
  /** Told when spans could not be sent; they are lost then. */
  readonly failed: (error: unknown) => void;
}
