import { describe, expect, it } from "vitest";
import { httpError, httpErrorTable } from "./errors.ts";

describe("answers of web servers", () => {
  it.each([
    [401, "unauthenticated"],
    [403, "permission_denied"],
    [404, "not_found"],
    [410, "not_found"],
    [408, "unavailable"],
    [412, "aborted"],
    [416, "out_of_range"],
    [429, "unavailable"],
    [400, "failed_precondition"],
    [418, "failed_precondition"],
    [500, "unavailable"],
    [503, "unavailable"],
    [599, "unavailable"],
    [204, "failed_precondition"],
    [304, "failed_precondition"],
  ])("%i is %s and keeps its number", (status, code) => {
    expect(httpError(status, new Map(), 0)).toMatchObject({ code, cause: { status } });
    expect(httpError(status, new Map(), 0).message).toContain(status.toString());
  });

  it("a wait that the server asks for comes along", () => {
    expect(httpError(503, new Map([["retry-after", "3"]]), 0).cause).toMatchObject({ retryAfterMs: 3000 });
  });

  it("every row has a meaning", () => {
    for (const [status, row] of Object.entries(httpErrorTable)) expect(row.meaning, status).not.toBe("");
  });
});
