// Where a map's key is a name that JavaScript objects treat specially. The runtime keeps maps in plain objects.
import { Buffer } from "node:buffer";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { describe, expect, it } from "vitest";

describe("a map of literals", () => {
  it.each(["constructor", "toString", "hasOwnProperty", "valueOf", "prototype"])("keeps the name %s", (name) => {
    const read = fromBinary(LiteralMapSchema, encoded(name));
    expect(Object.keys(read.literals)).toEqual([name]);
    expect(Buffer.from(toBinary(LiteralMapSchema, read))).toEqual(Buffer.from(encoded(name)));
  });

  // A limit of @bufbuild/protobuf, not a wish: whoever depends on the keys of a map from outside has to know it.
  it("loses an entry named __proto__, and no other object notices", () => {
    const read = fromBinary(LiteralMapSchema, encoded("__proto__"));
    expect(Object.keys(read.literals)).toEqual([]);
    expect(toBinary(LiteralMapSchema, read)).toHaveLength(0);
    expect(create(LiteralMapSchema).literals).toEqual({});
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

/** A map with one entry, its value an empty literal, written without the runtime's maps. */
function encoded(name: string): Uint8Array {
  const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string(name);
  entry.tag(2, WireType.LengthDelimited).bytes(new Uint8Array());
  return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(entry.finish()).finish();
}
