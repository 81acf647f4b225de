import { Buffer } from "node:buffer";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { PolicyIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { expect, it } from "vitest";

it("a string that begins with U+FEFF keeps it", () => {
  const organization = "\uFEFFacme";
  const bytes = toBinary(PolicyIdentifierSchema, create(PolicyIdentifierSchema, { organization }));
  expect(fromBinary(PolicyIdentifierSchema, bytes).organization).toBe(organization);
});

it("a string that is not UTF-8 is refused", () => {
  expect(() => fromBinary(PolicyIdentifierSchema, Buffer.from([0x0a, 0x01, 0xff]))).toThrow(/UTF-8|encoded data/);
});
