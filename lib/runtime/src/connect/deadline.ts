/** The time that a caller gives its call, in the two spellings of the protocols. */
import { Code, ConnectError } from "@connectrpc/connect";

/** Milliseconds, as Connect's `connect-timeout-ms` has them. Throws `invalid_argument` for what is no such number. */
export function connectTimeout(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw malformed("connect-timeout-ms", text);
  return Number(text);
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds of gRPC's `grpc-timeout`: at most eight digits and a unit. Throws `invalid_argument` likewise. */
export function grpcTimeout(text: string): number {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  const factor = unitMs[unit ?? ""];
  if (digits === undefined || factor === undefined) throw malformed("grpc-timeout", text);
  return Number(digits) * factor;
}

/** Node's timers reach no further; a deadline beyond it is none. */
const longestTimerMs = 2 ** 31 - 1;

/** Calls `late` when `timeoutMs` have passed, at once for zero. Returns what takes that back. */
export function startDeadline(timeoutMs: number, late: (reason: ConnectError) => void): () => void {
  const expire = (): void => late(new ConnectError("the deadline passed", Code.DeadlineExceeded));
  if (timeoutMs <= 0) {
    expire();
    return () => undefined;
  }
  if (timeoutMs > longestTimerMs) return () => undefined;
  const timer = setTimeout(expire, timeoutMs);
  return () => clearTimeout(timer);
}

function malformed(header: string, text: string): ConnectError {
  return new ConnectError(`${header} "${text}" is not a time of this protocol`, Code.InvalidArgument);
}
