import { Buffer } from "node:buffer";
import path from "node:path";
import type { PlainLiteral } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import {
  blob,
  listOf,
  mapOf,
  optional,
  readError,
  readPlain,
  readTree,
  simple,
  type Type,
  writeTree,
} from "./documents.ts";
import { stage } from "./download-run.ts";
import { inFolder, run } from "./program.ts";
import { places, published, sidecarArgs } from "./sidecar-run.ts";

const integer = (value: bigint): PlainLiteral => ({ kind: "integer", value });
const text = (value: string): PlainLiteral => ({ kind: "string", value });

describe("lists as outputs", () => {
  it("are read from a folder of files by index, also of a hundred, with or without extensions [copilot B23]", async () => {
    const files = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`l/${index}.txt`, `${index * 3}`]));
    await published({ types: { l: listOf(simple("INTEGER")) }, files }, async ({ output }) => {
      const items = Array.from({ length: 101 }, (_, index) => integer(BigInt(index * 3)));
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({ l: { kind: "collection", items } });
    });
  });

  it("are read from a JSON file, integers with all their digits [copilot B23]", async () => {
    const types = {
      i: listOf(simple("INTEGER")),
      s: listOf(simple("STRING")),
      e: listOf(simple("FLOAT")),
      f: listOf(simple("FLOAT")),
    };
    const files = {
      "i.json": " [9223372036854775807, -9223372036854775808]\n",
      s: JSON.stringify(["a", "é \\u2028\n", "x".repeat(5000)]),
      e: "[]",
      f: '[1, 2.5e3, "NaN", "-Infinity"]',
    };
    await published({ types, files }, async ({ output }) => {
      const float = (value: number): PlainLiteral => ({ kind: "float", value });
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        i: { kind: "collection", items: [integer(2n ** 63n - 1n), integer(-(2n ** 63n))] },
        s: { kind: "collection", items: [text("a"), text("é \\u2028\n"), text("x".repeat(5000))] },
        e: { kind: "collection", items: [] },
        f: {
          kind: "collection",
          items: [float(1), float(2500), float(Number.NaN), float(Number.NEGATIVE_INFINITY)],
        },
      });
    });
  });

  it.each([
    { name: "right ones", type: simple("INTEGER"), left: "outputs.pb" },
    { name: "wrong ones", type: optional(simple("BOOLEAN")), left: "error.pb" },
  ])(
    "of half a million numbers, $name, fit into the memory of a pod [copilot B23]",
    async ({ type, left }) => {
      await inFolder(async (folder) => {
        const { local, output } = places(folder);
        await writeTree(local, { l: `[${"0,".repeat(499_999)}0]` });
        const args = [...sidecarArgs(folder, { types: { l: listOf(type) } }), "--start-watcher-type", "noop"];
        const { status } = await run(args, { cwd: folder, env: { NODE_OPTIONS: "--max-old-space-size=64" } });
        expect(status).toBe(0);
        expect(await readTree(output)).toHaveProperty([left]);
      });
    },
    60_000,
  );

  it("of files are stored one by one under their index, and come back as inputs [copilot B23]", async () => {
    const files = { "l/0.csv": "zero", "l/1": "one", "l/02.csv": "two", "l/.nfs01": "of the mount" };
    await published({ types: { l: listOf(blob(0, "csv")) }, files }, async ({ output, raw }, folder) => {
      expect(await readTree(raw)).toEqual({ "l/0": "zero", "l/1": "one", "l/2": "two" });
      const literals = await readPlain(path.join(output, "outputs.pb"));
      const { local } = await stage(folder, literals);
      expect(await readTree(path.join(local, "l"))).toEqual({ "0": "zero", "1": "one", "2": "two" });
    });
  });

  it("within maps within lists are read as they nest, from folders and from JSON in them [copilot B23]", async () => {
    const types = { l: listOf(mapOf(listOf(optional(simple("INTEGER"))))) };
    const files = { "l/0/a/0": "1", "l/0/a/1": "null", "l/0/b.c": "[2, null]", "l/1": '{"d": []}' };
    await published({ types, files }, async ({ output }) => {
      const { l } = await readPlain(path.join(output, "outputs.pb"));
      const some = (value: bigint): unknown => expect.objectContaining({ kind: "union", value: integer(value) });
      const none = expect.objectContaining({ kind: "union", value: { kind: "none" } }) as unknown;
      const items = (...all: unknown[]): unknown => ({ kind: "collection", items: all });
      const map = (entries: Record<string, unknown>): unknown => ({
        kind: "map",
        entries: new Map(Object.entries(entries)),
      });
      expect(l).toEqual(items(map({ a: items(some(1n), none), "b.c": items(some(2n), none) }), map({ d: items() })));
    });
  });

  it.each<{ name: string; wrap: (type: Type) => Type; open: string; close: string; most: number }>([
    { name: "lists", wrap: listOf, open: "[", close: "]", most: 47 },
    { name: "maps", wrap: mapOf, open: '{"k":', close: "}", most: 31 },
  ])("$name nest as deep as every reader of the message can follow, and are refused beyond", async (each) => {
    const { wrap, open, close, most } = each;
    for (const levels of [most, most + 1]) {
      let type = simple("INTEGER");
      for (let level = 0; level < levels; level++) type = wrap(type);
      const files = { l: `${open.repeat(levels)}1${close.repeat(levels)}` };
      await published({ types: { l: type }, files }, async ({ output }) => {
        if (levels === most) {
          expect(Object.keys(await readPlain(path.join(output, "outputs.pb")))).toEqual(["l"]);
        } else {
          expect(await readError(output)).toMatchObject({
            message: expect.stringMatching(/variable "l".*nested deeper/) as string,
            origin: "user",
          });
          expect(await readTree(output)).not.toHaveProperty("outputs.pb");
        }
      });
    }
  });

  it.each<{ name: string; type?: Type; files: Readonly<Record<string, string>>; says: string }>([
    { name: "an element is missing", files: { "l/0": "1", "l/2": "3" }, says: "element 1 of 2 is missing" },
    { name: "two files are one element", files: { "l/0": "1", "l/0.txt": "1" }, says: "both element 0" },
    { name: "a file is no element", files: { "l/0": "1", "l/readme": "1" }, says: '"readme" is no index' },
    { name: "an element is of another type", files: { "l/0": "1", "l/1": "x" }, says: 'output "l"[1]' },
    { name: "the JSON is none", files: { l: "[1, 2" }, says: "no JSON" },
    { name: "the JSON has something behind it", files: { l: "[1] 2" }, says: "text follows" },
    { name: "the JSON is no list", files: { l: "{}" }, says: "expected a list" },
    { name: "an integer in it is beyond 64 bits", files: { l: "[9223372036854775808]" }, says: 'output "l"[0]' },
    { name: "an integer in it has a fraction", files: { l: "[1.0]" }, says: 'output "l"[0]' },
    { name: "the JSON nests without end", files: { l: "[".repeat(10_000) }, says: "nested deeper" },
    { name: "the JSON is too long", files: { l: `[${" ".repeat(1_048_576)}]` }, says: "1048576" },
    { name: "files would be in JSON", type: listOf(blob(0)), files: { l: '["a"]' }, says: "not in a JSON file" },
  ])("are refused where $name", async ({ type = listOf(simple("INTEGER")), files, says }) => {
    await published({ types: { l: type }, files }, async ({ status, output }) => {
      expect(status).toBe(0);
      expect(await readError(output)).toMatchObject({
        message: expect.stringMatching(/variable "l"/) as string,
        origin: "user",
      });
      expect((await readError(output))?.message).toContain(says);
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });

  it("of which much is wrong are told of in three parts and a number", async () => {
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`l/${index}`, "x"]));
    await published({ types: { l: listOf(simple("INTEGER")) }, files }, async ({ output }) => {
      const message = (await readError(output))?.message ?? "";
      expect(message).toContain('"l"[2]');
      expect(message).not.toContain('"l"[3]');
      expect(message).toContain("47 more");
    });
  });
});

describe("maps as outputs", () => {
  it("are read from a folder by key and from a JSON file [copilot B23]", async () => {
    const types = { m: mapOf(simple("STRING")), j: mapOf(simple("BOOLEAN")), e: mapOf(simple("STRING")) };
    const files = { "m/a.b": "1", "m/é": "2", j: '{"x": true, "y": true, "x": false}', e: "{}" };
    await published({ types, files }, async ({ output }) => {
      const no: PlainLiteral = { kind: "boolean", value: false };
      const yes: PlainLiteral = { kind: "boolean", value: true };
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        m: {
          kind: "map",
          entries: new Map([
            ["a.b", text("1")],
            ["é", text("2")],
          ]),
        },
        j: {
          kind: "map",
          entries: new Map([
            ["x", no],
            ["y", yes],
          ]),
        },
        e: { kind: "map", entries: new Map() },
      });
    });
  });

  it("of folders are stored under their keys [copilot B23]", async () => {
    const files = { "m/a/x": "1", "m/b/y/z": "2" };
    await published({ types: { m: mapOf(blob(1)) }, files }, async ({ output, raw }) => {
      expect(await readTree(raw)).toEqual(files);
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        m: {
          kind: "map",
          entries: new Map(
            ["a", "b"].map((key) => [key, { kind: "blob", uri: `${raw}/m/${key}`, format: "", multipart: true }]),
          ),
        },
      });
    });
  });

  it("with a key that cannot be carried are refused", async () => {
    await published(
      { types: { m: mapOf(simple("STRING")) }, files: { m: '{"__proto__": "x"}' } },
      async ({ output }) => {
        expect((await readError(output))?.message).toContain("__proto__");
      },
    );
  });

  it.each<{ name: string; type: Parameters<typeof simple>[0]; json: string; value: PlainLiteral }>([
    {
      name: "nanoseconds",
      type: "DURATION",
      json: "90500000000",
      value: { kind: "duration", value: { seconds: 90n, nanos: 500_000_000 } },
    },
    {
      name: "a duration as text",
      type: "DURATION",
      json: '"1m"',
      value: { kind: "duration", value: { seconds: 60n, nanos: 0 } },
    },
    {
      name: "a time",
      type: "DATETIME",
      json: '"1970-01-01T00:00:01Z"',
      value: { kind: "datetime", value: { seconds: 1n, nanos: 0 } },
    },
    {
      name: "base64",
      type: "BINARY",
      json: '"AQID"',
      value: { kind: "binary", bytes: Buffer.of(1, 2, 3), tag: "msgpack" },
    },
    {
      name: "an object",
      type: "STRUCT",
      json: '{"a": [1, null, {"b": "c"}]}',
      value: { kind: "struct", value: { a: [1, null, { b: "c" }] } },
    },
    { name: "an error", type: "ERROR", json: '"why"', value: { kind: "error", message: "why", failedNodeId: "" } },
    { name: "null", type: "NONE", json: "null", value: { kind: "none" } },
  ])("hold $name as inputs.json does [copilot B23]", async ({ type, json, value }) => {
    await published({ types: { m: mapOf(simple(type)) }, files: { m: `{"k": ${json}}` } }, async ({ output }) => {
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        m: { kind: "map", entries: new Map([["k", value]]) },
      });
    });
  });
});
