import { create, equals, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { describe, expect, it } from "vitest";
import { closeList, closeMap, closeUnion, openLiteral } from "./open-literal.ts";

const integer = (value: bigint): MessageInitShape<typeof LiteralSchema> => ({
  value: { case: "scalar", value: { value: { case: "primitive", value: { value: { case: "integer", value } } } } },
});
const list = create(LiteralSchema, {
  value: { case: "collection", value: { literals: [integer(1n), integer(2n)] } },
  hash: "h",
  metadata: { a: "b" },
});
const map = create(LiteralSchema, { value: { case: "map", value: { literals: { k: integer(1n) } } }, hash: "h" });
const union = create(LiteralSchema, {
  value: {
    case: "scalar",
    value: { value: { case: "union", value: { value: list, type: { type: { case: "simple", value: 1 } } } } },
  },
  metadata: { a: "b" },
});

function reclosed(bytes: Uint8Array): Uint8Array {
  const opened = openLiteral(bytes);
  if (opened.kind === "list") return closeList(opened.shell, opened.items);
  if (opened.kind === "map") return closeMap(opened.shell, opened.members);
  if (opened.kind === "union") return closeUnion(opened.shell, opened.inner);
  return toBinary(LiteralSchema, opened.literal);
}

describe("a literal that is opened and closed again", () => {
  it.each<[string, Literal]>([
    ["list", list],
    ["map", map],
    ["union", union],
    ["leaf", create(LiteralSchema, integer(3n))],
  ])("is the same %s", (kind, literal) => {
    const bytes = toBinary(LiteralSchema, literal);
    expect(openLiteral(bytes).kind).toBe(kind);
    expect(reclosed(bytes)).toEqual(bytes);
  });

  it("has all items of a list that was written in two parts, as its decoder would", () => {
    const bytes = toBinary(LiteralSchema, list);
    const twice = Uint8Array.from([...bytes, ...bytes]);
    const literal = fromBinary(LiteralSchema, reclosed(twice));
    expect(equals(LiteralSchema, literal, fromBinary(LiteralSchema, twice))).toBe(true);
    expect(literal.value.case === "collection" && literal.value.value.literals.length).toBe(4);
  });
});
