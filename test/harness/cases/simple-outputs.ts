/** Simple values that a task leaves: what each type accepts and what it refuses. Items 68 to 72, B5, B20, B21. */
import { Buffer } from "node:buffer";
import type { Case, Expected } from "../case.ts";
import type { SimpleName } from "../output-type.ts";
import { ours } from "./download-case.ts";
import { sidecarCase, simple } from "./sidecar-case.ts";

/** Section 4.5, by type: what is accepted, what is refused. The model decides which; the list is the contract's. */
const said: Readonly<
  Record<Exclude<SimpleName, "NONE">, { readonly accepted: readonly string[]; readonly refused: readonly string[] }>
> = {
  INTEGER: {
    accepted: ["0", "-7", "+7", "007", "9223372036854775807", "-9223372036854775808", " 42 \n", "\t42\n\n"],
    refused: [
      "",
      "1.0",
      "1_000",
      "0x10",
      "1 2",
      "\u0661",
      "9223372036854775808",
      "-9223372036854775809",
      "42\r",
      "7e3",
      "--7",
    ],
  },
  FLOAT: {
    accepted: [
      "1",
      "-1.5",
      "1e3",
      ".5",
      "5.",
      "+2",
      "1_000.5",
      "0x1p-2",
      "inf",
      "-Infinity",
      "INF",
      "nan",
      "NaN",
      "1e-400",
    ],
    refused: ["", "1e400", "1__0", "0x10", "1,5", "+nan", "-nan", "1d", "1 2", "."],
  },
  BOOLEAN: {
    accepted: ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False", " true\n"],
    refused: ["", "yes", "on", "tRUE", "2", "true\r"],
  },
  STRING: {
    accepted: ["", "plain", "  blanks \t\n", "two\nlines", "a\r", "é 日本 \u{1F600}", "null", "\u007f"],
    refused: [],
  },
  DURATION: {
    accepted: [
      "0",
      "+0",
      "-0",
      "1s",
      "1.5h",
      "-90s",
      "1h2m3.000000004s",
      "3s2m",
      "1s1s",
      "1us",
      "1\u00b5s",
      "1\u03bcs",
      ".5s",
      "5.s",
      "2562047h47m16.854775807s",
    ],
    refused: ["", "1", "1d", "1H", "1 s", "0:00:01", "PT1S", "1e3s", "1h-2m", "2562048h"],
  },
  DATETIME: {
    accepted: [
      "2023-11-14T22:13:20Z",
      "2023-11-14T22:13:20.12Z",
      "2023-11-14T22:13:20,5Z",
      "2023-11-14T22:13:20.1234567891Z",
      "2023-11-14T22:13:20+02:30",
      "2023-11-14T22:13:20-11:00",
      "2023-11-14T2:13:20Z",
      "2024-02-29T00:00:00Z",
      "0001-01-01T00:00:00Z",
    ],
    refused: [
      "",
      "2023-11-14T22:13:20",
      "2023-11-14 22:13:20Z",
      "2023-11-14t22:13:20z",
      "2023-11-14T22:13:20+0200",
      "2023-11-14T22:13:60Z",
      "2023-11-14T24:00:00Z",
      "2023-02-30T00:00:00Z",
      "12023-11-14T22:13:20Z",
    ],
  },
  STRUCT: {
    accepted: [
      '{"b":[1,"x",null,true],"a":{"c":1.5}}',
      "{}",
      "null",
      ' {"a":1}\n',
      '{"a":1} and more',
      '{"a":1,"a":2}',
      '{"n":9007199254740993}',
    ],
    refused: ["", "[1]", '"text"', "NaN", "{'a':1}", "\ufeff{}", '{"a":1e400}', '{"a":'],
  },
  BINARY: { accepted: ["plain", " trimmed\n", "", "\r"], refused: [] },
  ERROR: { accepted: ["it broke", " with blanks \n", ""], refused: [] },
};

const kilobyte = "x".repeat(1024);

export const simpleOutputCases: readonly Case[] = [
  ...Object.entries(said).flatMap(([type, { accepted, refused }]) => [
    ...accepted.map((content) =>
      sidecarCase(`${type} accepts ${JSON.stringify(content)}`, ["68"], {
        types: { x: simple(type as SimpleName) },
        left: { x: content },
        expect: (_world, predicted) => accepting(predicted, content),
      }),
    ),
    ...refused.map((content) =>
      sidecarCase(`${type} refuses ${JSON.stringify(content)}`, ["68", "B5"], {
        types: { x: simple(type as SimpleName) },
        left: { x: content },
        expect: (_world, predicted) => refusing(predicted, content),
      }),
    ),
  ]),
  sidecarCase("BINARY takes bytes that are no text, trimmed, as msgpack", ["68"], {
    types: { x: simple("BINARY") },
    left: { x: Uint8Array.of(32, 0, 255, 128, 13, 10) },
  }),
  sidecarCase("STRING refuses bytes that are not UTF-8", ["68"], {
    types: { x: simple("STRING") },
    left: { x: Uint8Array.of(97, 255, 98) },
    // The reference finds out when the message is written, and names no variable.
    expect: ({ dialect }, predicted) => (dialect === "ours" ? predicted : { status: 0 }),
  }),
  sidecarCase("blanks at both ends are no part of a number", ["69"], {
    types: { x: simple("INTEGER") },
    left: { x: " 42 \n" },
  }),
  sidecarCase("a carriage return is part of a string", ["69"], {
    types: { x: simple("STRING") },
    left: { x: " a\r\n" },
  }),
  sidecarCase("NONE needs its file and takes any content", ["71"], {
    types: { x: simple("NONE") },
    left: { x: "whatever" },
  }),
  sidecarCase("NONE without its file is a missing output", ["71", "79"], { types: { x: simple("NONE") } }),
  ...(["STRING", "STRUCT", "BINARY"] as const).map((type) =>
    sidecarCase(`${type} of 1024 bytes passes`, ["70"], {
      types: { x: simple(type) },
      left: { x: type === "STRUCT" ? `{"a":"${"x".repeat(1024 - 8)}"}` : kilobyte },
    }),
  ),
  ...(["STRING", "INTEGER", "BINARY"] as const).map((type) =>
    sidecarCase(`${type} of 1025 bytes does not pass`, ["70"], {
      types: { x: simple(type) },
      left: { x: type === "INTEGER" ? ` ${"0".repeat(1024)}` : `${kilobyte}x` },
    }),
  ),
  sidecarCase("the size that counts is that on disk, blanks included", ["70"], {
    types: { x: simple("INTEGER") },
    left: { x: `7${" ".repeat(1024)}` },
  }),
  sidecarCase("a folder is no simple value", ["68"], { types: { x: simple("STRING") }, left: { "x/inner": "1" } }),
  ...["red", " green\n"].map((content) =>
    sidecarCase(
      `an enum accepts ${JSON.stringify(content)}`,
      ["B21"],
      {
        types: { x: { is: "enum", values: ["red", "green"] } },
        left: { x: content },
      },
      ours,
    ),
  ),
  ...["blue", "", "RED"].map((content) =>
    sidecarCase(
      `an enum refuses ${JSON.stringify(content)}`,
      ["B21"],
      {
        types: { x: { is: "enum", values: ["red", "green"] } },
        left: { x: content },
      },
      ours,
    ),
  ),
  sidecarCase("values of all types stand in one message", ["77"], {
    types: {
      a: simple("INTEGER"),
      b: simple("FLOAT"),
      c: simple("STRING"),
      d: simple("BOOLEAN"),
      e: simple("DATETIME"),
      f: simple("DURATION"),
      g: simple("STRUCT"),
      h: simple("BINARY"),
      i: simple("NONE"),
      "\u{1F600} name": simple("STRING"),
    },
    left: {
      a: "1",
      b: "1.5",
      c: "x",
      d: "true",
      e: "2023-11-14T22:13:20Z",
      f: "1m",
      g: '{"k":[1]}',
      h: Buffer.from([1, 2]),
      i: "",
      "\u{1F600} name": "odd",
    },
  }),
];

/** The list of the contract and the model have to agree before a program is judged by either. */
function accepting(predicted: Expected, content: string): Expected {
  if (hasOutputs(predicted)) return predicted;
  throw new Error(`the model refuses ${JSON.stringify(content)}`);
}

function refusing(predicted: Expected, content: string): Expected {
  if (!hasOutputs(predicted)) return predicted;
  throw new Error(`the model accepts ${JSON.stringify(content)}`);
}

function hasOutputs({ remote }: Expected): boolean {
  return "out/outputs.pb" in (remote?.entries ?? {});
}
