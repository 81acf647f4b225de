import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import { httpDate, retryAfterMs, StoreAnswer } from "../../store-answer.ts";

interface Row {
  readonly code: ErrorCode;
  readonly meaning: string;
}

const busy: Row = { code: "unavailable", meaning: "the server is busy" };

/** What a status means to somebody who reads; others by their hundreds. */
export const httpErrorTable: Readonly<Record<number, Row>> = {
  401: { code: "unauthenticated", meaning: "the server asks for credentials" },
  403: { code: "permission_denied", meaning: "the server refuses; a signed link may have ended" },
  404: { code: "not_found", meaning: "the server has nothing there" },
  407: { code: "unauthenticated", meaning: "the proxy asks for credentials" },
  408: { code: "unavailable", meaning: "the server waited too long for the request" },
  410: { code: "not_found", meaning: "the server has nothing there any more" },
  412: { code: "aborted", meaning: "the object was replaced" },
  416: { code: "out_of_range", meaning: "the range is past the end" },
  425: busy,
  429: busy,
  503: busy,
};

/** The error that a status amounts to, with the answer as its cause. `now` is the local time in milliseconds. */
export function httpError(status: number, headers: ReadonlyMap<string, string>, now: number): DataPlaneError {
  const row = httpErrorTable[status] ?? byHundreds(status);
  const cause = new StoreAnswer(status, "", {
    retryAfterMs: retryAfterMs(headers.get("retry-after"), now),
    serverDateMs: httpDate(headers.get("date")),
  });
  return new DataPlaneError(row.code, `${row.meaning} (it answered status ${status})`, { cause });
}

function byHundreds(status: number): Row {
  if (status >= 500) return { code: "unavailable", meaning: "the server failed" };
  if (status >= 400) return { code: "failed_precondition", meaning: "the server cannot answer the request" };
  return { code: "failed_precondition", meaning: "the server gives no body" };
}
