/**
 * What one caller, and all of them together, may ask of this server at a time. A call too many is refused before its
 * body is read, with a code that callers try again on and, in `retry-after`, when.
 */
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock, Metrics } from "@flyte-dataplane/core";
import type { BegunCall, CallHook } from "./call-hook.ts";
import { clientOf } from "./client-of.ts";
import { TokenBuckets } from "./token-buckets.ts";

/** Each 0 sets no limit. */
export interface CallLimits {
  /** Of one client, all procedures together. */
  readonly callsPerSecond: number;
  /** Calls that a client may make at once before the rate holds; 0 stands for one second's. */
  readonly burst: number;
  /** Of one client at once. */
  readonly streamsPerClient: number;
  /** Unary calls under way, of all clients together. */
  readonly inFlight: number;
  /** How late the event loop may be, in milliseconds, before calls are shed. */
  readonly lagMs: number;
}

export interface CallLimitsOptions {
  readonly limits: CallLimits;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** How late the event loop was when last looked at, in milliseconds. */
  readonly lag: () => number;
  /** The address that a call stands for. */
  readonly callerOf: (call: BegunCall) => string;
}

export function createCallLimits({ limits, clock, metrics, lag, callerOf }: CallLimitsOptions): CallHook {
  const { callsPerSecond, streamsPerClient, inFlight, lagMs } = limits;
  const refused = metrics.counter({
    name: "rpc_server_refused_calls_total",
    help: "Calls refused because of a limit, by which.",
    labels: ["limit"],
  });
  const refuse = (limit: string, code: Code, message: string, seconds = 1): never => {
    refused.add(1, { limit });
    throw new ConnectError(message, code, { "retry-after": String(seconds) });
  };
  const burst = limits.burst > 0 ? limits.burst : Math.max(1, callsPerSecond);
  const buckets = callsPerSecond > 0 ? new TokenBuckets({ perSecond: callsPerSecond, burst }) : undefined;
  const streams = new Map<string, number>();
  let underWay = 0;

  const beginStream = (client: string): (() => void) => {
    const open = (streams.get(client) ?? 0) + 1;
    if (open > streamsPerClient)
      refuse("streams", Code.ResourceExhausted, `this client has ${streamsPerClient} streams open; end one of them`);
    streams.set(client, open);
    return () => {
      const left = (streams.get(client) ?? 1) - 1;
      if (left === 0) streams.delete(client);
      else streams.set(client, left);
    };
  };
  const beginUnary = (): (() => void) => {
    if (underWay >= inFlight)
      refuse("in_flight", Code.Unavailable, `the server has ${inFlight} calls under way; call again`);
    underWay += 1;
    return () => {
      underWay -= 1;
    };
  };

  return (call) => {
    const { method } = call;
    if (lagMs > 0 && lag() > lagMs) refuse("lag", Code.Unavailable, "the server is overloaded; call again");
    // What this client has open stands before its rate: a call that is refused for it takes no token.
    const ended = streamsOut(method)
      ? streamsPerClient > 0 && beginStream(clientOf(callerOf(call)))
      : inFlight > 0 && beginUnary();
    const waitMs = buckets?.take(clientOf(callerOf(call)), clock.now()) ?? 0;
    if (waitMs > 0) {
      if (ended !== false) ended();
      const seconds = Math.ceil(waitMs / 1000);
      refuse("rate", Code.ResourceExhausted, `more than ${callsPerSecond} calls per second; call again`, seconds);
    }
    return ended === false ? undefined : ended;
  };
}

/** Whether the answer is a stream, which may stay open for hours. */
export function streamsOut({ methodKind }: DescMethod): boolean {
  return methodKind === "server_streaming" || methodKind === "bidi_streaming";
}
