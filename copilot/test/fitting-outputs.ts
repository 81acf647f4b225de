/** Files that a task which keeps its word may leave for a type, and some that just miss it. */
import type { Type } from "./documents.ts";
import type { LeftEntry } from "./left-entry.ts";
import { below, oneOf, type Random } from "./random-literals.ts";

type Choices = readonly [string, ...string[]];

/** By number of the simple type: what stands in a file of its own, and what in JSON. */
const simpleTexts: readonly Choices[] = [
  ["null", "", "anything"],
  ["7", " -7\n", "9223372036854775807", "9223372036854775808", "1.0", "\r7"],
  ["0.5", "1_000.5", "0x1p-2", "-inf", "NaN", "1e400", "1,5"],
  ["text", "", "é\n", "x".repeat(1024), "x".repeat(1025)],
  ["true", "F", "yes"],
  ["2024-02-29T12:00:00Z", "2024-02-29T1:00:00,5+02:00", "2024-02-30T00:00:00Z", "10000-01-01T00:00:00Z"],
  ["1h2m", "0", "-1.5µs", "1d", "9223372036854775808ns"],
  ["\u0000\u0001bytes", ""],
  ["it broke", ""],
  ['{"a":{"b":[1,null]}}', "null", "[]", '{"a":1}{"b":2}', '{"__proto__":1}'],
];
const simpleJson: readonly Choices[] = [
  ["null", "0"],
  ["7", "-9223372036854775808", "9223372036854775808", "7.0", '"7"'],
  ["0.5", "1e-7", '"NaN"', '"-Infinity"', "1e400", '"inf"'],
  ['"text"', '""', '"\\ud83d\\ude00"', '"\\ud83d"', "7"],
  ["true", "false", "1"],
  ['"2024-02-29T12:00:00Z"', '"2024-02-30T00:00:00Z"', "7"],
  ["90500000000", '"1h"', "9223372036854775808", "1.5", '"1d"', "true"],
  ['"YWI="', '""', '"YWI"', "7"],
  ['"it broke"', "null"],
  [
    '{"a":{"b":[1,null,"x",true,{}]}}',
    "{}",
    '{"__proto__":1}',
    '{"a":{"__proto__":1}}',
    '{"a":[1e999]}',
    '{"a":1,"a":[{}]}',
    "[]",
  ],
];

/** The first of the choices more often than all others, which are the odd ones. */
function mostly(random: Random, choices: Choices): string {
  return random() < 0.5 ? choices[0] : oneOf(random, choices);
}

export function fittingEntries(random: Random, type: Type, at: string): LeftEntry[] {
  const kind = type.type;
  switch (kind?.case) {
    case "simple": {
      const texts = simpleTexts[kind.value ?? 0] ?? simpleTexts[0] ?? ["null"];
      return [{ at, kind: "file", text: mostly(random, texts) }];
    }
    case "enumType":
      return [{ at, kind: "file", text: oneOf(random, ["7", "a", "a\n", "b"]) }];
    case "blob":
      return kind.value.dimensionality === 1 ? tree(random, at) : [{ at, kind: "file", text: "content" }];
    case "schema":
    case "structuredDatasetType":
      return tree(random, at);
    case "collectionType": {
      const item = kind.value;
      if (random() < 0.5) return [{ at, kind: "file", text: fittingJson(random, type) }];
      return parts(random, item, at, (index) => index.toString());
    }
    case "mapValueType": {
      const member = kind.value;
      if (random() < 0.5) return [{ at, kind: "file", text: fittingJson(random, type) }];
      return parts(random, member, at, (index) => oneOf(random, ["k", "é", "a b", "__proto__", "%2e"]) + index);
    }
    case "unionType": {
      const variants = kind.value.variants ?? [];
      const variant = variants[below(random, variants.length)];
      return variant === undefined ? [] : fittingEntries(random, variant, at);
    }
    default:
      return [];
  }
}

function tree(random: Random, at: string): LeftEntry[] {
  const names = ["a", "a/b", "c d", "é", "#x?", ".hidden", "%41"] as const;
  return Array.from({ length: below(random, 4) }, () => ({
    at: `${at}/${oneOf(random, names)}`,
    kind: "file",
    text: "content",
  }));
}

function parts(random: Random, type: Type, at: string, nameOf: (index: number) => string): LeftEntry[] {
  const folder: LeftEntry = { at, kind: "folder", text: "" };
  const count = below(random, 3);
  return [
    folder,
    ...Array.from({ length: count }, (_, index) => fittingEntries(random, type, `${at}/${nameOf(index)}`)).flat(),
  ];
}

function fittingJson(random: Random, type: Type): string {
  const kind = type.type;
  switch (kind?.case) {
    case "simple":
      return mostly(random, simpleJson[kind.value ?? 0] ?? ["null"]);
    case "enumType":
      return oneOf(random, ['"7"', '"a"', '"b"', "7"]);
    case "collectionType": {
      const item = kind.value;
      if (random() < 0.05) return "7";
      return `[${Array.from({ length: below(random, 3) }, () => fittingJson(random, item)).join(", ")}]`;
    }
    case "mapValueType": {
      const member = kind.value;
      if (random() < 0.05) return "[]";
      const members = Array.from({ length: below(random, 3) }, () => {
        const key = oneOf(random, ["k", "l", "é", "", "a/b", "__proto__"]);
        return `${JSON.stringify(key)}:${fittingJson(random, member)}`;
      });
      return `{${members.join(",")}}`;
    }
    case "unionType": {
      const variants = kind.value.variants ?? [];
      const variant = variants[below(random, variants.length)];
      return variant === undefined ? "null" : fittingJson(random, variant);
    }
    default:
      return "null";
  }
}
