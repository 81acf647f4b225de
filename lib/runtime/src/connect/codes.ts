/** The codes of the protocols: gRPC's numbers, Connect's names, and the HTTP status of an error that is a whole answer. */
import { type Code, ConnectError } from "@connectrpc/connect";
import type { ErrorCode } from "@flyte-dataplane/core";

const rows: readonly (readonly [name: ErrorCode, httpStatus: number])[] = [
  ["canceled", 499],
  ["unknown", 500],
  ["invalid_argument", 400],
  ["deadline_exceeded", 504],
  ["not_found", 404],
  ["already_exists", 409],
  ["permission_denied", 403],
  ["resource_exhausted", 429],
  ["failed_precondition", 400],
  ["aborted", 409],
  ["out_of_range", 400],
  ["unimplemented", 501],
  ["internal", 500],
  ["unavailable", 503],
  ["data_loss", 500],
  ["unauthenticated", 401],
];

/** gRPC counts from one; zero is no error. */
export function codeName(code: Code): ErrorCode {
  return rows[code - 1]?.[0] ?? "unknown";
}

export function httpStatus(code: Code): number {
  return rows[code - 1]?.[1] ?? 500;
}

/** What figures and logs call the end of a call that threw `thrown`, or nothing. */
export function endName(thrown: unknown): ErrorCode | "ok" {
  if (thrown === undefined) return "ok";
  return thrown instanceof ConnectError ? codeName(thrown.code) : "internal";
}
