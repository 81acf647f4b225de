import { create, toBinary } from "@bufbuild/protobuf";
import { decodeLiteral, fromPlain, type PlainLiteral, toPlain } from "@flyte-dataplane/core";
import { LiteralMapSchema, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { describe, expect, test } from "vitest";
import { InputsMessage } from "./inputs-message.ts";

const text = (value: string): PlainLiteral => ({ kind: "string", value });

function plainOf(message: InputsMessage): Readonly<Record<string, PlainLiteral>> {
  return Object.fromEntries(
    [...message.names].map((name) => [name, toPlain(decodeLiteral(message.literal(name), name))]),
  );
}

describe("InputsMessage", () => {
  test("has the literals of a map by name", () => {
    const inputs = { a: text("1"), "": text("2"), é: { kind: "collection", items: [text("3")] } } as const;
    const literals = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, fromPlain(value)]));
    const bytes = toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals }));
    expect(plainOf(new InputsMessage(bytes, "inputs.pb"))).toEqual(inputs);
  });

  test("has those of a list of named literals, of a repeated name the last, and passes over its context", () => {
    const named = (name: string, value: string): { name: string; value: ReturnType<typeof fromPlain> } => ({
      name,
      value: fromPlain(text(value)),
    });
    const message = create(InputsSchema, {
      literals: [named("a", "1"), named("b", "2"), named("a", "3")],
      context: [{ key: "k", value: "v" }],
    });
    expect(plainOf(new InputsMessage(toBinary(InputsSchema, message), "inputs.pb"))).toEqual({
      a: text("3"),
      b: text("2"),
    });
  });

  test("gives what was put in place of a literal", () => {
    const bytes = toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals: { a: fromPlain(text("1")) } }));
    const message = new InputsMessage(bytes, "inputs.pb");
    message.replace("a", toBinary(LiteralSchema, fromPlain(text("2"))));
    expect(plainOf(message)).toEqual({ a: text("2") });
  });

  test("that is cut is refused by its place", () => {
    const bytes = toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals: { a: fromPlain(text("1")) } }));
    expect(() => new InputsMessage(bytes.subarray(0, -1), "s3://b/inputs.pb")).toThrow("s3://b/inputs.pb");
  });
});
