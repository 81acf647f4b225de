/** The official implementation reads what ours writes, in either spelling. */
import { create, createRegistry } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorFromJson } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { describe, expect, test } from "vitest";
import { errorJson, grpcStatus } from "../src/connect/error-detail.ts";

const registry = createRegistry(DurationSchema);
const texts = ["", "plain", "50 % of\r\nlines\t", "größer \u{1f600}", "a lone \ud800 surrogate", "\0\x7f~ !"];
const cases = texts.flatMap((text) => [
  { name: JSON.stringify(text), error: new ConnectError(text, Code.DataLoss) },
  {
    name: `${JSON.stringify(text)} with details`,
    error: new ConnectError(text, Code.NotFound, undefined, [
      { desc: DurationSchema, value: create(DurationSchema, { seconds: 5n }) },
    ]),
  },
]);

/** As UTF-8 has it: half a character is the one that stands for none. */
const written = (text: string): string => Buffer.from(text, "utf8").toString("utf8");

describe.each(cases)("an error that says $name", ({ error }) => {
  test("is read from JSON", () => {
    const read = errorFromJson(errorJson(error, registry), undefined, new ConnectError("unread", Code.Unknown));
    expect([read.code, read.rawMessage]).toEqual([error.code, error.rawMessage]);
    expect(read.findDetails(DurationSchema)).toEqual(error.findDetails(DurationSchema));
  });

  test("is read from gRPC's trailers", () => {
    const read = findTrailerError(new Headers(grpcStatus(error, registry)));
    expect([read?.code, read?.rawMessage]).toEqual([error.code, written(error.rawMessage)]);
    expect(read?.findDetails(DurationSchema)).toEqual(error.findDetails(DurationSchema));
  });
});

test("a detail of a type that cannot be shown in JSON keeps its bytes", () => {
  const error = new ConnectError("no", Code.Internal);
  error.details.push({ type: "some.Unknown", value: Uint8Array.of(1, 2, 3) });
  expect(errorJson(error, registry)).toEqual({
    code: "internal",
    message: "no",
    details: [{ type: "some.Unknown", value: "AQID" }],
  });
});
