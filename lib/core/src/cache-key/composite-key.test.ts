import { create, toBinary } from "@bufbuild/protobuf";
import { IdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/core/identifier";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { describe, expect, test } from "vitest";
import { hashed, inputsOf, int, interfaceOf, literalsOf, str } from "../../test/cache-values.ts";
import { decodeLiteralMap } from "../literals/decode.ts";
import { fromPlain } from "../literals/from-plain.ts";
import { identifierPart, inputsPart, signaturePart } from "./composite-key.ts";

describe("inputs part of the composite key", () => {
  const rows: readonly (readonly [string, Record<string, Literal>, string])[] = [
    ["no inputs", literalsOf({}), "GKw-c0PwFokMUQ6T-TUmEWnZ4_VlQ2Qpgw-vCTT0-OQ"],
    ["two integers", literalsOf({ "2": int(2), "1": int(1) }), "GQid5LjHbakcW68DS3P2jp80QLbiF0olFHF2hTh5bg8"],
    ["a literal with its own hash", literalsOf({ f: hashed("abcde") }), "zFfJATDnJuGHrxsafs9ktqB1BHpWIUjjL9--ajCx9VU"],
    [
      "a list holding a hashed literal",
      literalsOf({
        o0: create(LiteralSchema, {
          value: { case: "collection", value: { literals: [hashed("hash1"), fromPlain(str("x"))] } },
        }),
      }),
      "WiotMNpJmN5yVxZkTdEeHf9qjPQVQ0kATpp7XqrJc7Q",
    ],
    ["a float", literalsOf({ z: { kind: "float", value: 1.5 } }), "rLEdX02jpPHgt9MLS3YrzGKu-EZDkXUMQJjIyLjv4p8"],
    [
      "not a number",
      literalsOf({ z: { kind: "float", value: Number.NaN } }),
      "CFXoY0ZaPFK-ymbQfOqNgnDXw-SW3ZLrf7krtFzeA3I",
    ],
    [
      "zero values",
      literalsOf({ b: { kind: "boolean", value: false }, s: str("") }),
      "KLKM6Hd4CptCcwCJG86Kloc1QfSFqSFxCLIzW9Uvk4Y",
    ],
    [
      "a datetime",
      literalsOf({
        d: { kind: "datetime", value: { seconds: BigInt(Date.UTC(2026, 0, 2, 3, 4, 5) / 1000), nanos: 0 } },
      }),
      "w9bbefiSrfondu1s8qpPUXaDn0wqm1yMMvBgk9x1mVo",
    ],
    [
      "a duration",
      literalsOf({ d: { kind: "duration", value: { seconds: 1n, nanos: 500_000_000 } } }),
      "x3_e_OqL5M2wa96vGH1TqW5y7KiB5EEx7Ya_Vwr_VG0",
    ],
    [
      "msgpack bytes",
      literalsOf({ d: { kind: "binary", bytes: Buffer.from("81a16101", "hex"), tag: "msgpack" } }),
      "js7Nia14HUFfLRjN0Tp11U37jkerCz6EG18Wo6Mb-ak",
    ],
  ];
  test.each(rows)("of %s is the golden value [cache 42]", (_, literals, expected) => {
    expect(inputsPart(literals)).toBe(expected);
  });

  test("an ignored third integer leaves the golden value of two as it is [cache 42]", () => {
    const three = literalsOf({ "1": int(1), "2": int(2), "3": int(3) });
    expect(inputsPart(three, ["3"])).toBe("GQid5LjHbakcW68DS3P2jp80QLbiF0olFHF2hTh5bg8");
  });
});

test("inputs stored as a list with context have the inputs part of those without context [cache 47]", () => {
  const values = { x: int(1), y: str("a") };
  const stored = toBinary(InputsSchema, inputsOf(values, { a: "b" }));
  expect(inputsPart(decodeLiteralMap(stored, "inputs.pb").literals)).toBe(inputsPart(literalsOf(values)));
});

describe("identifier and signatures", () => {
  const id = { project: "project_1", domain: "domain_1", name: "name_1", org: "org_1" };

  test.each(["", "v1", "v2"])("the identifier part is the golden value with version %j [cache 42,45]", (version) => {
    const taskId = create(IdentifierSchema, { ...id, version });
    expect(identifierPart(taskId)).toBe("+UmrGhEwHv3FesdpA4gliBluF3FUXz4tshmuOlw1FSk=");
  });

  test("another org, or none, gives another identifier part [cache 45]", () => {
    const parts = ["org_1", "org_2", ""].map((org) => identifierPart(create(IdentifierSchema, { ...id, org })));
    expect(new Set(parts).size).toBe(3);
  });

  test("absent and empty variables have one signature [cache 46]", () => {
    const empty = interfaceOf([], []);
    expect(signaturePart(undefined)).toBe("GKw-c0Pw");
    expect(signaturePart(empty.inputs)).toBe("GKw-c0Pw");
  });
});
