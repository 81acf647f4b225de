import { create, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { SourceCodeInfo_LocationSchema } from "@bufbuild/protobuf/wkt";
import { ErrorDocumentSchema } from "@flyte-dataplane/proto/flyteidl2/core/execution";
import { LiteralMapSchema, LiteralSchema, ScalarSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainLiterals } from "../../test/plain-literals.ts";
import { DataPlaneError } from "../errors.ts";
import { fromPlain } from "../literals/from-plain.ts";
import { decodeMessage, maxMessageDepth } from "./decode-message.ts";
import { encodeDeterministic } from "./encode-deterministic.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const decode = (schema: DescMessage, bytes: Uint8Array): unknown =>
  decodeMessage(schema, bytes, { what: "inputs s3://b/k", ref: "s3://b/k" });

function errorOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A map of literals in which each holds one of the next level. */
function nestedMaps(levels: number): Uint8Array {
  let literal = fromPlain({ kind: "integer", value: 1n });
  for (let i = 0; i < levels; i += 1) {
    literal = create(LiteralSchema, { value: { case: "map", value: { literals: { k: literal } } } });
  }
  return toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals: { x: literal } }));
}

/** A Literal of `levels` lists within each other, written from the inside out without recursion. */
function nestedLists(levels: number): Uint8Array {
  const prefixes: Uint8Array[] = [];
  let length = 0;
  for (let i = 0; i < levels; i += 1) {
    const item = new BinaryWriter().tag(1, WireType.LengthDelimited).uint32(length).finish();
    const list = new BinaryWriter()
      .tag(2, WireType.LengthDelimited)
      .uint32(length + item.length)
      .finish();
    prefixes.push(Buffer.concat([list, item]));
    length += list.length + item.length;
  }
  return Buffer.concat(prefixes.reverse());
}

describe("decodeMessage", () => {
  test.each([
    ["a field longer than the input", InputsSchema, "0a05", "a length of 5 where 0 bytes remain at literals, offset 1"],
    ["a field longer than its message", InputsSchema, "0a030a0578", "at literals.name"],
    ["a tag cut in two", InputsSchema, "80", "the message ends inside a number at the top, offset 0"],
    ["field number zero", InputsSchema, "00", "field number 0 is out of range"],
    ["a wire type that does not exist", InputsSchema, "0e", "there is no wire type 6"],
    ["text that is not UTF-8", InputsSchema, "0a030a01ff", "text that is not valid UTF-8 at literals.name, offset 3"],
    ["a map key that is not UTF-8", LiteralMapSchema, "0a030a01ff", "text that is not valid UTF-8 at literals"],
    ["a message field written as a number", InputsSchema, "0801", "wire type 0 where 2 belongs at literals"],
    ["an integer of eleven bytes", ScalarSchema, "0a0c08ffffffffffffffffffff01", "a number of more than 64 bits"],
    ["an integer of 70 bits", ScalarSchema, "0a0b08ffffffffffffffffff7f", "a number of more than 64 bits"],
    ["half a double", ScalarSchema, "0a051100000000", "a value of 8 bytes where 4 remain"],
    ["a group that never ends", InputsSchema, "2b", "the message ends inside a number"],
    ["a group end alone", InputsSchema, "2c", "a group ends that was not begun"],
    ["a struct value of no kind", ScalarSchema, "3a070a050a01611200", "a dynamic value of no kind"],
    [
      "a value of a named entry",
      LiteralMapSchema,
      "0a100a0178120b0a093a070a050a016b1200",
      'no kind at literals["x"].scalar.generic.fields["k"]',
    ],
    ["a struct entry without a value", ScalarSchema, "3a050a030a0161", "a dynamic value of no kind"],
  ])("%s is refused with its place", (_, schema, bytes, what) => {
    const error = errorOf(() => decode(schema, hex(bytes)));
    expect(error).toMatchObject({ name: "DataPlaneError", code: "invalid_argument", ref: "s3://b/k" });
    expect(String(error)).toContain("decode inputs s3://b/k as flyteidl2.");
    expect(String(error)).toContain(what);
  });

  test("the map key __proto__, which JavaScript would lose, is refused", () => {
    const map = Buffer.concat([hex("0a130a09"), Buffer.from("__proto__"), hex("12060a040a020801")]);
    expect(String(errorOf(() => decode(LiteralMapSchema, map)))).toContain('the map key "__proto__" is not supported');
  });

  test("the prefix of a valid message never crashes and never passes for longer than it is", () => {
    const bytes = toBinary(
      LiteralSchema,
      fromPlain({ kind: "collection", items: [{ kind: "string", value: "hello" }] }),
    );
    for (let length = 1; length < bytes.length; length += 1) {
      expect(errorOf(() => decode(LiteralSchema, bytes.subarray(0, length)))).toMatchObject({
        code: "invalid_argument",
      });
    }
  });

  test("lists nested ten thousand deep are refused, those within the limit read", () => {
    expect(String(errorOf(() => decode(LiteralSchema, nestedLists(10_000))))).toContain(
      `nested deeper than ${maxMessageDepth} messages`,
    );
    expect(errorOf(() => decode(LiteralSchema, nestedLists(maxMessageDepth / 2)))).toMatchObject({
      code: "invalid_argument",
    });
    expect(errorOf(() => decode(LiteralSchema, nestedLists(maxMessageDepth / 2 - 1)))).toBeUndefined();
  });

  test("maps nest no deeper than other runtimes read them, to which an entry is a message of its own", () => {
    expect(errorOf(() => decode(LiteralMapSchema, nestedMaps(31)))).toBeUndefined();
    expect(String(errorOf(() => decode(LiteralMapSchema, nestedMaps(32))))).toContain("nested deeper than");
  });

  test("groups nested ten thousand deep are refused", () => {
    expect(errorOf(() => decode(LiteralSchema, new Uint8Array(10_000).fill(0x7b)))).toMatchObject({
      code: "invalid_argument",
    });
  });

  test("packed numbers read, and are refused when their length cuts one in two", () => {
    const message = create(SourceCodeInfo_LocationSchema, { path: [1, 300, -1], span: [0] });
    const bytes = toBinary(SourceCodeInfo_LocationSchema, message);
    expect(decodeMessage(SourceCodeInfo_LocationSchema, bytes, { what: "test" }).path).toEqual([1, 300, -1]);
    expect(encodeDeterministic(SourceCodeInfo_LocationSchema, message)).toEqual(bytes);
    const error = errorOf(() => decode(SourceCodeInfo_LocationSchema, hex("0a0201ac")));
    expect(String(error)).toContain("the message ends inside a number at path");
  });

  test("unknown fields survive", () => {
    const bytes = hex("0a090a0708017a036162637a03616263");
    expect(Buffer.from(toBinary(LiteralSchema, decodeMessage(LiteralSchema, bytes, { what: "test" })))).toEqual(
      Buffer.from(bytes),
    );
  });

  test("any bytes give a message or a typed error", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(LiteralSchema, InputsSchema, ErrorDocumentSchema),
        fc.uint8Array({ maxLength: 64 }),
        (schema, bytes) => {
          const error = errorOf(() => decode(schema, bytes));
          if (error !== undefined) expect(error).toBeInstanceOf(DataPlaneError);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("encodeDeterministic", () => {
  test("its bytes read back as the same message, in either order", () => {
    fc.assert(
      fc.property(plainLiterals, fc.constantFrom("oneofs-last" as const, "by-number" as const), (plain, order) => {
        const literal = fromPlain(plain);
        const bytes = encodeDeterministic(LiteralSchema, literal, order);
        const read = decodeMessage(LiteralSchema, bytes, { what: "test" });
        expect(encodeDeterministic(LiteralSchema, read, order)).toEqual(bytes);
        expect(toBinary(LiteralSchema, read)).toHaveLength(toBinary(LiteralSchema, literal).length);
      }),
    );
  });

  test("unknown fields come last", () => {
    const literal = decodeMessage(LiteralSchema, hex("7a01610a040a020801"), { what: "test" });
    expect(Buffer.from(encodeDeterministic(LiteralSchema, literal)).toString("hex")).toBe("0a040a0208017a0161");
  });

  test("plain fields come before the members of a oneof, or after by number", () => {
    const literal = create(LiteralSchema, { ...fromPlain({ kind: "integer", value: 1n }), hash: "h" });
    expect(Buffer.from(encodeDeterministic(LiteralSchema, literal)).toString("hex")).toBe("2201680a040a020801");
    expect(Buffer.from(encodeDeterministic(LiteralSchema, literal, "by-number")).toString("hex")).toBe(
      "0a040a020801220168",
    );
  });
});
