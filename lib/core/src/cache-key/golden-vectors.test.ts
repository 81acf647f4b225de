import { create, toBinary } from "@bufbuild/protobuf";
import { IdentifierSchema, ResourceType } from "@flyte-dataplane/proto/flyteidl2/core/identifier";
import { type TypedInterface, TypedInterfaceSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { type Inputs, InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { describe, expect, test } from "vitest";
import { uploadedInputsHash } from "../input-hash.ts";
import { decodeLiteralMap } from "../literals/decode.ts";
import { fromPlain } from "../literals/from-plain.ts";
import type { PlainLiteral } from "../literals/plain-literal.ts";
import { encodeDeterministic } from "../wire/encode-deterministic.ts";
import { cacheKey, interfaceHash } from "./cache-key.ts";
import {
  compositeKey,
  formatCompositeKey,
  identifierPart,
  inputsPart,
  scopedKey,
  signaturePart,
} from "./composite-key.ts";
import { childInputsHash, foldRunStartTime, inlineInputsHash } from "./inputs-hash.ts";

const int = (value: number): PlainLiteral => ({ kind: "integer", value: BigInt(value) });
const str = (value: string): PlainLiteral => ({ kind: "string", value });

function inputsOf(
  values: Readonly<Record<string, PlainLiteral | Literal>>,
  context: Readonly<Record<string, string>> = {},
): Inputs {
  return create(InputsSchema, {
    literals: Object.entries(values).map(([name, value]) => ({ name, value: asLiteral(value) })),
    context: Object.entries(context).map(([key, value]) => ({ key, value })),
  });
}

function literalsOf(values: Readonly<Record<string, PlainLiteral | Literal>>): Record<string, Literal> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, asLiteral(value)]));
}

function asLiteral(value: PlainLiteral | Literal): Literal {
  return "kind" in value ? fromPlain(value) : value;
}

const hashed = (hash: string): Literal => create(LiteralSchema, { hash });

type Variables = readonly (readonly [string, SimpleType])[];

function interfaceOf(inputs: Variables | undefined, outputs: Variables | undefined): TypedInterface {
  const variables = (list: Variables): object => ({
    variables: list.map(([key, simple]) => ({ key, value: { type: { type: { case: "simple", value: simple } } } })),
  });
  return create(TypedInterfaceSchema, {
    ...(inputs && { inputs: variables(inputs) }),
    ...(outputs && { outputs: variables(outputs) }),
  });
}

const { INTEGER, STRING } = SimpleType;

describe("inputs of a child action", () => {
  const rows: readonly (readonly [string, Inputs, string])[] = [
    ["an integer", inputsOf({ int: int(100) }), "QQ0bB11CiHnSVT6lMP7B6iaZsTWu4OLRhkSGyHGyi8g="],
    ["a string", inputsOf({ str: str("hello world") }), "zmNQcOIXHHjpbLK58/Q6EP68bNrgJHkEFi8sZ5WKAag="],
    [
      "a list",
      inputsOf({ list: { kind: "collection", items: [str("hello"), str("world")] } }),
      "rqtpa/1zChc8+90j6ei50OCaYVlPUKnS5E/ch1TMfZA=",
    ],
    [
      "a map",
      inputsOf({
        map: {
          kind: "map",
          entries: new Map([
            ["second", str("world")],
            ["first", str("hello")],
          ]),
        },
      }),
      "CjEtYqweOcxwOMFZPK8+Te9f4RhyQKmU9MBaigmKJBw=",
    ],
    ["a literal with its own hash", inputsOf({ f: hashed("abcde") }), "uPwcEE7ygv/bLX54mOxt+xdjMsroVJeWzVHHXSIkOzE="],
  ];
  test.each(rows)("%s hashes to the golden value [cache 42]", (_, inputs, expected) => {
    expect(childInputsHash(inputs)).toBe(expected);
  });

  test("no inputs give empty text, as does ignoring every one of them", () => {
    expect(childInputsHash(inputsOf({}))).toBe("");
    expect(childInputsHash(inputsOf({ x: int(1) }), ["x"])).toBe("");
  });
});

describe("interface hash", () => {
  const ba = interfaceOf(
    [
      ["b", INTEGER],
      ["a", STRING],
    ],
    [["o0", INTEGER]],
  );
  const rows: readonly (readonly [string, string, string])[] = [
    [
      "integers",
      interfaceHash(interfaceOf([["input_1", INTEGER]], [["output_1", INTEGER]])),
      "58JU0tE+NylwXlWV5HtOgajWkrbhcqKFsbXdX/QXNPM=",
    ],
    [
      "strings",
      interfaceHash(interfaceOf([["input_1", STRING]], [["output_1", STRING]])),
      "HAPF+vmah1Zt0RLi0cBmewehzCnkvOAbMfmvFO9H3LE=",
    ],
    ["variables as declared", interfaceHash(ba), "F8aT94oz7fWz7LywRirrMCXI5T/EpVdrOCswI/TP1L0="],
    ["variables sorted", interfaceHash(ba, { as: "sdk" }), "NG9wMVzTYv8cBaSfeAAtK1qR9Xvn+saf5xNg7kEmvso="],
  ];
  test.each(rows)("of %s is the golden value [cache 42]", (_, actual, expected) => {
    expect(actual).toBe(expected);
  });
});

describe("cache key of a root with inline inputs", () => {
  const inputs = inputsOf({ int: int(100), str: str("hello world") });
  const declared: Variables = [
    ["int", INTEGER],
    ["str", STRING],
  ];
  const rows: readonly (readonly [string, TypedInterface, string])[] = [
    ["present but empty", interfaceOf(declared, []), "3QOOTUfLNFxjNa8EXclvzJBto16syFFChVulyOJ2Ops="],
    ["absent", interfaceOf(declared, undefined), "jzObFGtLwogNbNt+aaxJgPxDSJdiAVlIurAUBUEhXqY="],
  ];
  test.each(rows)("with outputs %s is the golden value [cache 42]", (_, typed, expected) => {
    const key = cacheKey({
      inputsHash: inlineInputsHash(inputs),
      taskName: "test_task",
      interfaceHash: interfaceHash(typed),
      discoveryVersion: "v1",
    });
    expect(key).toBe(expected);
  });

  test("no inputs hash as an empty message", () => {
    expect(inlineInputsHash(inputsOf({}))).toBe("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  });

  test("the order of inputs changes the key's inputs hash, not the composite key's inputs part [cache 43]", () => {
    const [ab, ba] = [
      { a: int(1), b: int(2) },
      { b: int(2), a: int(1) },
    ];
    expect(inlineInputsHash(inputsOf(ab))).not.toBe(inlineInputsHash(inputsOf(ba)));
    expect(inputsPart(literalsOf(ab))).toBe(inputsPart(literalsOf(ba)));
  });

  test("ignored inputs change neither the inputs hashes nor the inputs part [cache 44]", () => {
    const [with1, with2] = [
      { a: int(1), skip: int(1) },
      { a: int(1), skip: int(2) },
    ];
    for (const hash of [inlineInputsHash, childInputsHash, uploadedInputsHash]) {
      expect(hash(inputsOf(with1), ["skip"])).toBe(hash(inputsOf(with2), ["skip"]));
      expect(hash(inputsOf(with1))).not.toBe(hash(inputsOf(with2)));
    }
    expect(inputsPart(literalsOf(with1), ["skip"])).toBe(inputsPart(literalsOf(with2), ["skip"]));
    expect(inputsPart(literalsOf(with1), ["a", "skip"])).toBe("GKw-c0PwFokMUQ6T-TUmEWnZ4_VlQ2Qpgw-vCTT0-OQ");
  });
});

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

describe("the worked example", () => {
  const inputs = inputsOf({ x: int(1), y: int(2) });
  const withContext = inputsOf({ x: int(1), y: int(2) }, { a: "b" });
  const typed = interfaceOf(
    [
      ["x", INTEGER],
      ["y", INTEGER],
    ],
    [["o0", INTEGER]],
  );
  const keyFrom = (inputsHash: string): string =>
    cacheKey({ inputsHash, taskName: "demo.add", interfaceHash: interfaceHash(typed), discoveryVersion: "v1" });
  const start = { seconds: BigInt(Date.UTC(2026, 5, 3, 12) / 1000), nanos: 0 };

  const rows: readonly (readonly [string, string, string])[] = [
    [
      "the inputs' bytes",
      Buffer.from(encodeDeterministic(InputsSchema, inputs)).toString("hex"),
      "0a0b0a017812060a040a0208010a0b0a017912060a040a020802",
    ],
    ["the child's inputs hash", childInputsHash(inputs), "3267EIQP/fSf34VGMurkxLPyVj3ZEB4eb6ta4F9kDFo="],
    ["the inline inputs hash", inlineInputsHash(withContext), "XxGhc/UufBL1lx8CZ4XVwCXBSleByWlWC5BSRshCE+o="],
    ["the uploaded inputs hash", uploadedInputsHash(inputs), "5QHZ4wzFXhk"],
    ["the uploaded inputs hash with context", uploadedInputsHash(withContext), "i_yga2qZtaA"],
    ["the interface hash", interfaceHash(typed), "nUJSHBxke1s5kbWUQmGPGu0lrVywJipUZNmvhe21GQw="],
    ["the child's key", keyFrom(childInputsHash(inputs)), "vFJ328UBEzZOCDxt1pyQAyVTL0fcYKzdOdETqeD5Gqc="],
    ["the key of inline inputs", keyFrom(inlineInputsHash(inputs)), "qyXdZKridhJwoERLvp92oyIIIfyeZD5NlJ0sO5QxV74="],
    ["the key of uploaded inputs", keyFrom(uploadedInputsHash(inputs)), "DdKLfoE+SF2kybl3DIIFg70L34ao1u+cIzB4rjlURC0="],
    [
      "the key of a trigger's firing",
      keyFrom(foldRunStartTime(uploadedInputsHash(inputs), start)),
      "V8aL1xBs7BS0RV+i31KwXp9yYZHWCR8a6LUBxvy/rew=",
    ],
  ];
  test.each(rows)("%s is the golden value [cache 42]", (_, actual, expected) => {
    expect(actual).toBe(expected);
  });

  test("the row's key is the golden value [cache 42]", () => {
    const key = compositeKey({
      taskId: create(IdentifierSchema, {
        resourceType: ResourceType.TASK,
        project: "flytesnacks",
        domain: "development",
        name: "demo.add",
        version: "v1",
      }),
      interface: typed,
      literals: literalsOf({ y: int(2), x: int(1) }),
      cacheKey: "vFJ328UBEzZOCDxt1pyQAyVTL0fcYKzdOdETqeD5Gqc=",
    });
    expect(scopedKey("flytesnacks", "development", formatCompositeKey(key))).toBe(
      "flytesnacks-development-l0iKQgT8UL39X50t3nFvfKQFx9XumVx27c0mD/4gdTY=-jVgnyCjh-J2qAfV9C-75nCmQKfA7eJy_2wctxRfFNmQKcvCnoza2mA3V2fSJE-vFJ328UBEzZOCDxt1pyQAyVTL0fcYKzdOdETqeD5Gqc=",
    );
  });

  test("the time folded in keeps nanoseconds and no trailing zeros", () => {
    expect(foldRunStartTime("h", { ...start, nanos: 120_000_000 })).toBe("h|runStartTime=2026-06-03T12:00:00.12Z");
    expect(foldRunStartTime("h", { ...start, nanos: 1 })).toBe("h|runStartTime=2026-06-03T12:00:00.000000001Z");
  });
});
