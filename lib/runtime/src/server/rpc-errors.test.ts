import { Code, ConnectError } from "@connectrpc/connect";
import { DataPlaneError } from "@flyte-dataplane/core";
import { expect, test } from "vitest";
import { toConnectError } from "./rpc-errors.ts";

test("a signed query in an error's message is not told to the caller, nor its cause [dataproxy B32]", () => {
  const link = "https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=f00";
  const error = new DataPlaneError("unavailable", `get ${link}: 503`, { cause: new Error(link) });
  const told = toConnectError(error);
  expect(told).toMatchObject({ code: Code.Unavailable, rawMessage: "get https://b.s3.amazonaws.com/k?[hidden] 503" });
  expect(JSON.stringify([told, told.cause, told.message])).not.toContain("f00");
});

test("nor is one that a call to a neighbour was answered with", () => {
  const told = toConnectError(new ConnectError("get https://b/k?X-Amz-Signature=f00 failed", Code.Internal));
  expect(told.rawMessage).toBe("get https://b/k?[hidden] failed");
  expect(told.code).toBe(Code.Internal);
});

test("an error with details keeps them, without where it came from", () => {
  const cause = new ConnectError("too many", Code.ResourceExhausted, { "retry-after": "3" });
  expect(toConnectError(cause).metadata.get("retry-after")).toBe("3");
});
