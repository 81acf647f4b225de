import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeErrorDocument,
  encodeErrorDocument,
  failureOf,
  maxFailureMessageBytes,
  type TaskFailure,
} from "./error-document.ts";
import { errorTable } from "./error-table.ts";
import { DataPlaneError, type ErrorCode } from "./errors.ts";

describe("error document", () => {
  test.each<readonly [string, TaskFailure, string]>([
    [
      "the task's own failure",
      { code: "ValueError", message: "bad", recoverable: false, origin: "user" },
      "0a130a0a56616c75654572726f72120362616420" + "01",
    ],
    [
      "a failure of ours",
      { code: "InputDownloadFailed", message: "no", recoverable: true, origin: "system" },
      "0a1d0a13496e707574446f776e6c6f61644661696c656412026e6f18012002",
    ],
  ])("%s has the golden bytes", (_, failure, hex) => {
    expect(Buffer.from(encodeErrorDocument(failure)).toString("hex")).toBe(hex);
    expect(decodeErrorDocument(Buffer.from(hex, "hex"), "test")).toEqual(failure);
  });

  test("every failure reads back as itself", () => {
    const failures = fc.record({
      code: fc.string({ unit: "grapheme" }),
      message: fc.string({ unit: "grapheme" }),
      recoverable: fc.boolean(),
      origin: fc.constantFrom("user" as const, "system" as const, "unknown" as const),
    });
    fc.assert(
      fc.property(failures, (failure) => {
        expect(decodeErrorDocument(encodeErrorDocument(failure), "test")).toEqual(failure);
      }),
    );
  });

  test("an empty document holds no failure", () => {
    expect(decodeErrorDocument(new Uint8Array(), "test")).toBeUndefined();
  });

  test("bytes that are no document are refused, naming the object", () => {
    expect(() => decodeErrorDocument(Buffer.from("hello"), "s3://b/error.pb")).toThrow(
      expect.objectContaining({ code: "invalid_argument", ref: "s3://b/error.pb" }) as Error,
    );
  });

  test("an origin that a newer writer invents reads as unknown", () => {
    expect(decodeErrorDocument(Buffer.from("0a022009", "hex"), "test")?.origin).toBe("unknown");
  });
});

describe("failureOf", () => {
  test.each(Object.entries(errorTable))("an error with code %s is recoverable as the table says", (code, row) => {
    expect(failureOf("X", new DataPlaneError(code as ErrorCode, "m")).recoverable).toBe(row.recoverable);
  });

  test("the message carries its chain of causes, each once", () => {
    const cause = new Error("connection refused", { cause: new Error("ECONNREFUSED") });
    const error = new DataPlaneError("unavailable", "get s3://b/k: connection refused", { cause });
    expect(failureOf("InputDownloadFailed", error)).toEqual({
      code: "InputDownloadFailed",
      message: "get s3://b/k: connection refused: ECONNREFUSED",
      recoverable: true,
      origin: "system",
    });
  });

  test("the user's mistake is the user's", () => {
    expect(failureOf("X", new DataPlaneError("invalid_argument", "m", { origin: "user" }))).toMatchObject({
      recoverable: false,
      origin: "user",
    });
  });

  test("what is not an error of ours counts as internal, hence recoverable and the system's", () => {
    expect(failureOf("X", new TypeError("x is undefined"))).toEqual({
      code: "X",
      message: "x is undefined",
      recoverable: true,
      origin: "system",
    });
    expect(failureOf("X", undefined).message).toBe("no message");
  });

  test("a loop of causes ends and a huge message keeps its tail within the limit", () => {
    const looped = new Error(`${"é".repeat(50_000)} the end`);
    looped.cause = looped;
    const { message } = failureOf("X", looped);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(maxFailureMessageBytes);
    expect(message).toMatch(/^é+\n\[\d+ bytes cut\]\né+ the end$/);
  });
});
