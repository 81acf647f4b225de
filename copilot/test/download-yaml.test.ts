import { readFile } from "node:fs/promises";
import path from "node:path";
import type { PlainLiteral } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { dict, integer, list, staged, text } from "./download-run.ts";

/** Texts that a YAML reader might take for something else. */
const deceptive = [
  "1",
  "yes",
  "no",
  "null",
  "~",
  "2020-01-01",
  "1:30",
  "0o14",
  "0x1f",
  "1e5",
  ".inf",
  "<<",
  "=",
  "- a",
  "a: b",
  "# c",
  "",
  " ",
  "\n",
  "a\nb\n",
  "\t",
  "\u007f\u0085\ufeff",
  "'\"",
  "\\",
  "é\u{1F600}",
  "{}",
  "[]",
  "!!str x",
  "&a",
  "*a",
  "%",
  "@",
  "`",
];

const inputs: Readonly<Record<string, PlainLiteral>> = {
  texts: list(...deceptive.map(text)),
  keys: dict(Object.fromEntries(deceptive.filter((key) => /^[^/\0]+$/.test(key)).map((key) => [key, text(key)]))),
  low: integer(-(2n ** 63n)),
  floats: list(...[0.5, 1e21, 1e-7, 123456789.123, -0.1, 3].map((value): PlainLiteral => ({ kind: "float", value }))),
  empty: dict({ list: list(), map: dict({}) }),
  nested: list(
    list(list(integer(1n), dict({ a: list(dict({ b: integer(2n) })) })), list()),
    dict({ c: list(integer(3n)) }),
  ),
  y: { kind: "boolean", value: true },
  n: { kind: "none" },
  when: { kind: "datetime", value: { seconds: 0n, nanos: 0 } },
  struct: { kind: "struct", value: { on: [1.5, null, { off: "no" }] } },
};

describe("inputs.yaml", () => {
  it.each(["1.1", "1.2"] as const)("read as YAML %s has the values of inputs.json [copilot 54]", async (version) => {
    let json = "";
    await staged(
      () => inputs,
      [],
      async ({ local }) => {
        json = await readFile(path.join(local, "inputs.json"), "utf8");
      },
    );
    await staged(
      () => inputs,
      ["--format", "YAML"],
      async ({ local }) => {
        const yaml = await readFile(path.join(local, "inputs.yaml"), "utf8");
        expect(parse(yaml, { version })).toEqual(JSON.parse(json));
        const exact = parse(yaml, { version, intAsBigInt: true }) as Record<string, unknown>;
        expect(exact["low"]).toBe(-(2n ** 63n));
      },
    );
  });

  it("is written in block style with a newline at the end", async () => {
    await staged(
      () => ({ l: list(integer(1n)), e: dict({}) }),
      ["--format", "YAML"],
      async ({ local }) => {
        expect(await readFile(path.join(local, "inputs.yaml"), "utf8")).toBe('"e": {}\n"l":\n- 1\n');
      },
    );
  });
});
