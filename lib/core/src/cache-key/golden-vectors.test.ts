import { create } from "@bufbuild/protobuf";
import { IdentifierSchema, ResourceType } from "@flyte-dataplane/proto/flyteidl2/core/identifier";
import type { TypedInterface } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { type Inputs, InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { describe, expect, test } from "vitest";
import { hashed, inputsOf, int, interfaceOf, literalsOf, str, type Variables } from "../../test/cache-values.ts";
import { uploadedInputsHash } from "../input-hash.ts";
import { encodeDeterministic } from "../wire/encode-deterministic.ts";
import { cacheKey, interfaceHash } from "./cache-key.ts";
import { compositeKey, formatCompositeKey, inputsPart, scopedKey } from "./composite-key.ts";
import { childInputsHash, foldRunStartTime, inlineInputsHash } from "./inputs-hash.ts";

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
