import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import { expect } from "vitest";

/** Expects a rejection with a `DataPlaneError` of this code. */
export async function expectCode(attempt: Promise<unknown>, code: ErrorCode): Promise<void> {
  const error: unknown = await attempt.then(
    () => "resolved",
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DataPlaneError);
  expect(error).toMatchObject({ code });
}
