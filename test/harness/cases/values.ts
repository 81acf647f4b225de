/** Every kind of value: its file, its place in the lists of all inputs, its literal. Items 26 to 37 and 50 to 54. */
import { Buffer } from "node:buffer";
import type { Case } from "../case.ts";
import {
  binary,
  boolean,
  datetime,
  duration,
  float,
  integer,
  list,
  map,
  none,
  struct,
  text,
  union,
  type Value,
} from "../value.ts";
import { downloadCase, ours } from "./download-case.ts";

const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

/** The golden values of section 3.3, each with the text that stands there. */
const golden: readonly (readonly [string, Value, string])[] = [
  ["float 1", float(1), "1"],
  ["float 1.5", float(1.5), "1.5"],
  ["float 1e21", float(1e21), "1000000000000000000000"],
  ["float 1e22", float(1e22), "10000000000000000000000"],
  ["float 1e-7", float(1e-7), "0.0000001"],
  ["float 123456789.123", float(123456789.123), "123456789.123"],
  ["float 0.1", float(0.1), "0.1"],
  ["float -0", float(-0), "-0"],
  ["duration of nothing", duration(0n), "0s"],
  ["duration of a nanosecond", duration(0n, 1), "1ns"],
  ["duration of 1500 ns", duration(0n, 1500), "1.5\u00b5s"],
  ["duration of 1.5 ms", duration(0n, 1_500_000), "1.5ms"],
  ["duration of 1.5 s", duration(1n, 500_000_000), "1.5s"],
  ["duration of a minute", duration(60n), "1m0s"],
  ["duration of 90 s", duration(90n), "1m30s"],
  ["duration of an hour", duration(3600n), "1h0m0s"],
  ["duration of 3723 s and 4 ns", duration(3723n, 4), "1h2m3.000000004s"],
  ["duration of a day", duration(86400n), "24h0m0s"],
  ["duration of -90 s", duration(-90n), "-1m30s"],
  ["duration of -1.5 s", duration(-1n, -500_000_000), "-1.5s"],
  ["duration beyond 64 bits of nanoseconds", duration(315_576_000_000n), "2562047h47m16.854775807s"],
  ["datetime of the epoch", datetime(0n), "1970-01-01T00:00:00Z"],
  ["datetime of 1700000000", datetime(1_700_000_000n), "2023-11-14T22:13:20Z"],
  ["datetime with two digits of a second", datetime(1_700_000_000n, 120_000_000), "2023-11-14T22:13:20.12Z"],
  ["datetime with a nanosecond", datetime(1_700_000_000n, 1), "2023-11-14T22:13:20.000000001Z"],
  ["datetime of the year's end 9999", datetime(253_402_300_799n, 999_999_999), "9999-12-31T23:59:59.999999999Z"],
  ["datetime of the year 1", datetime(-62_135_596_800n), "0001-01-01T00:00:00Z"],
  ["integer 0", integer(0), "0"],
  ["integer -1", integer(-1), "-1"],
  ["boolean true", boolean(true), "true"],
  ["boolean false", boolean(false), "false"],
  ["string without end of line", text("plain"), "plain"],
];

const values: readonly (readonly [string, readonly string[], Value])[] = [
  ["the least int64", ["29"], integer(int64.least)],
  ["the greatest int64", ["29"], integer(int64.most)],
  ["an integer beyond what doubles hold", ["29"], integer(2n ** 53n + 1n)],
  ["the smallest float", ["28"], float(5e-324)],
  ["the greatest float", ["28"], float(Number.MAX_VALUE)],
  ["a float of 1e20", ["53"], float(1e20)],
  ["a float of 0.000001", ["53"], float(0.000001)],
  ["a float of 1e-6 with digits", ["53"], float(1.234e-6)],
  ["an empty string", ["28"], text("")],
  ["a string of many lines", ["53"], text("a\nb\r\n\tc\n")],
  ["a string with marks of HTML", ["53"], text("<a href='x'>&amp;</a>\u2028\u2029")],
  ["a string with control characters", ["53"], text('\u0001\u001f\b\f\u001b"\\/')],
  ["a string of other letters", ["53"], text("é ß 日本 \u{1F600}")],
  ["a none", ["30"], none],
  ["a primitive without value", ["30"], { is: "blank" }],
  ["a binary", ["31", "52"], binary(Uint8Array.of(0, 255, 10, 13, 128))],
  ["an empty binary of another tag", ["31"], binary(new Uint8Array(0), "")],
  ["a binary of 100,000 bytes", ["31"], binary(Buffer.alloc(100_000, "0123456789"))],
  ["an error", ["32"], { is: "error", message: "it <broke> & fell\n", node: "n0" }],
  [
    "a struct with marks of HTML and members out of order",
    ["33"],
    struct({ z: "<b>&", a: [1, 1.5, null, true], m: {} }),
  ],
  ["a struct of large and small numbers", ["33"], struct({ large: 1e21, small: 1e-7, whole: 1, none: null })],
  ["a struct of nested lists", ["33"], struct({ l: [[], [[1]], [{}]], "\u2028": "\u2029" })],
  ["an empty struct", ["33"], struct({})],
  ["a union of a string", ["34"], union(text("x"))],
  ["a union of none", ["34"], union(none)],
  ["a union of a list", ["34"], union(list(integer(1), integer(2)))],
  ["a union of a union", ["34"], union(union(text("deep")))],
  ["a list of strings", ["35"], list(text("a"), text("b"), text("c"))],
  ["an empty list", ["35"], list()],
  ["a list of eleven", ["35"], list(...Array.from({ length: 11 }, (_, index) => integer(index)))],
  ["a dict of integers", ["36"], map({ b: integer(2), a: integer(1) })],
  ["an empty dict", ["36"], map({})],
  ["a dict with odd keys", ["36"], map({ "a b": text("1"), é: text("2"), "#?%": text("3"), ".x": text("4") })],
  ["a list of lists", ["37"], list(list(text("a")), list(), list(text("b"), text("c")))],
  ["a dict of dicts of lists", ["37"], map({ m: map({ l: list(integer(1)) }), e: map({}) })],
  ["a list of dicts of unions", ["37"], list(map({ u: union(integer(7)) }), map({ u: union(none) }))],
  ["a duration in nanoseconds", ["52"], duration(90n, 500_000_000)],
  ["a datetime as text", ["52"], datetime(0n, 1000)],
];

/** Texts that another reader of YAML would take for something else. */
const typeLike = [
  "1",
  "1.5",
  "yes",
  "no",
  "on",
  "null",
  "~",
  "true",
  "2020-01-01",
  "1:30",
  "0x10",
  "1e3",
  ".inf",
  "",
  " a ",
  "- a",
  "# c",
  "a: b",
  "'q'",
  "=",
  "<<",
  "\u007f",
];

const everything: Readonly<Record<string, Value>> = {
  a10: float(1.5),
  a2: float(1e21),
  b: boolean(true),
  d: datetime(1_700_000_000n, 120_000_000),
  e: { is: "error", message: "m" },
  i: integer(int64.most),
  l: list(text("a"), none, map({ k: integer(1) }), list()),
  m: map({ y: text("no"), n: text("yes") }),
  s: struct({ k: [1, "two", null] }),
  t: duration(-1n, -500_000_000),
  u: union(text("x")),
  x: binary(Uint8Array.of(255, 254)),
  "\u{1F600}": integer(1),
  "\uFFFD": text("before the astral one in bytes, after it in units"),
};

export const valueCases: readonly Case[] = [
  ...golden.map(([name, value, says]) =>
    downloadCase(`${name} is staged as "${says}"`, ["28"], {
      inputs: { x: value },
      expect: (_world, predicted) => {
        // The contract's own text, beside what the model makes of the value.
        const entries = { ...predicted.local?.entries, x: { is: "text", text: says } as const };
        return { ...predicted, local: { whole: true, entries } };
      },
    }),
  ),
  ...values.map(([name, items, value]) =>
    downloadCase(`${name} is staged, listed and kept`, items, { inputs: { x: value } }),
  ),
  ...values.map(([name, , value]) =>
    downloadCase(`${name} is listed in YAML with the same values`, ["54"], { inputs: { x: value }, format: "YAML" }),
  ),
  ...typeLike.map((said) =>
    downloadCase(
      `the string ${JSON.stringify(said)} stays one in YAML`,
      ["54"],
      { inputs: { x: text(said), l: list(text(said)) }, format: "YAML" },
      // The reference fails on characters that YAML forbids.
      said === "\u007f" ? ours : undefined,
    ),
  ),
  ...(["JSON", "YAML", "PROTO"] as const).map((format) =>
    downloadCase(`values of every kind are listed together as ${format}`, ["51", "53"], { inputs: everything, format }),
  ),
  downloadCase("an inputs message in the form of its producers gives the same files", ["27"], {
    inputs: everything,
    asList: true,
  }),
  downloadCase("an inputs message in the form of a map gives the same files", ["27"], { inputs: everything }),
  downloadCase("files appear in a folder below folders that were not there", ["26"], {
    inputs: { x: text("y") },
    flags: ({ work }) => ["--to-local-dir", `${work}/in/deep/er`],
    expect: () => ({
      status: 0,
      local: { whole: false, entries: { "deep/er/x": { is: "text", text: "y" } } },
      readable: true,
    }),
  }),
  ...([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const).flatMap((value) =>
    (["JSON", "YAML"] as const).map((format) =>
      downloadCase(`a float of ${value} has a form in ${format}`, ["B32"], { inputs: { x: float(value) }, format }),
    ),
  ),
  downloadCase(
    "a datetime beyond the year 9999 has a form",
    ["B32"],
    { inputs: { x: datetime(253_402_300_800n) } },
    ours,
  ),
  downloadCase("no inputs at all are an empty message and an empty object", ["B31"], { inputs: {} }),
  downloadCase("no inputs at all are an empty object of YAML", ["B31"], { inputs: {}, format: "YAML" }),
  downloadCase("hash, metadata and artifact stay beside a value", ["B33"], {
    inputs: {
      x: { ...text("y"), hash: "h1", metadata: { k: "v" }, artifact: "model" },
      l: { ...list({ ...integer(1), hash: "h2" }), metadata: { of: "list" } },
      m: map({ k: { ...union({ ...none, hash: "h3" }), metadata: { a: "b" } } }),
    },
  }),
  downloadCase("a literal without value is named", [], { inputs: { fine: text("x"), hollow: { is: "hollow" } } }),
  downloadCase("a hollow literal deep inside is named by its variable", [], {
    inputs: { deep: list(map({ k: union({ is: "hollow" }) })) },
  }),
];
