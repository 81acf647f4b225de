import { Buffer } from "node:buffer";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readError, readPlain, readTree, simple, type Type } from "./documents.ts";
import { published } from "./sidecar-run.ts";

const at = (seconds: bigint, nanos = 0): { seconds: bigint; nanos: number } => ({ seconds, nanos });

const accepted: readonly { type: Parameters<typeof simple>[0]; content: string; value: unknown }[] = [
  { type: "INTEGER", content: "+007", value: { kind: "integer", value: 7n } },
  { type: "INTEGER", content: "-9223372036854775808", value: { kind: "integer", value: -(2n ** 63n) } },
  { type: "FLOAT", content: "1_000.5", value: { kind: "float", value: 1000.5 } },
  { type: "FLOAT", content: "0x1p-2", value: { kind: "float", value: 0.25 } },
  { type: "FLOAT", content: "-InF", value: { kind: "float", value: Number.NEGATIVE_INFINITY } },
  { type: "BOOLEAN", content: "T", value: { kind: "boolean", value: true } },
  { type: "BOOLEAN", content: "False", value: { kind: "boolean", value: false } },
  { type: "STRING", content: "é, \r", value: { kind: "string", value: "é, \r" } },
  { type: "DURATION", content: "1h0m", value: { kind: "duration", value: at(3600n) } },
  { type: "DURATION", content: "-1.5s", value: { kind: "duration", value: at(-1n, -500_000_000) } },
  {
    type: "DATETIME",
    content: "2023-11-14T22:13:20,12+02:00",
    value: { kind: "datetime", value: at(1699992800n, 120_000_000) },
  },
  { type: "STRUCT", content: '{"a":[1,null]} rest', value: { kind: "struct", value: { a: [1, null] } } },
  { type: "STRUCT", content: "null", value: { kind: "struct", value: {} } },
  { type: "ERROR", content: "why", value: { kind: "error", message: "why", failedNodeId: "" } },
  { type: "NONE", content: "anything", value: { kind: "none" } },
];

const rejected: readonly { type: Parameters<typeof simple>[0]; content: string | Uint8Array }[] = [
  { type: "INTEGER", content: "1.0" },
  { type: "INTEGER", content: "" },
  { type: "INTEGER", content: "9223372036854775808" },
  { type: "INTEGER", content: "1_000" },
  { type: "FLOAT", content: "1e400" },
  { type: "FLOAT", content: "+nan" },
  { type: "BOOLEAN", content: "yes" },
  { type: "STRING", content: Uint8Array.of(0xff, 0xfe) },
  { type: "DURATION", content: "PT1S" },
  { type: "DURATION", content: "1" },
  { type: "DATETIME", content: "2023-02-30T00:00:00Z" },
  { type: "DATETIME", content: "2023-11-14 22:13:20Z" },
  { type: "STRUCT", content: "[1]" },
  { type: "STRUCT", content: "{'a':1}" },
];

describe("simple outputs", () => {
  it("of every type are read from their text [copilot 68]", async () => {
    const names = accepted.map((_, index) => `v${index}`);
    const types = Object.fromEntries(accepted.map(({ type }, index) => [`v${index}`, simple(type)]));
    const files = Object.fromEntries(accepted.map(({ content }, index) => [`v${index}`, content]));
    await published({ types, files }, async ({ status, output }) => {
      expect(status).toBe(0);
      const literals = await readPlain(path.join(output, "outputs.pb"));
      expect(names.map((name) => literals[name])).toEqual(accepted.map(({ value }) => value));
    });
  });

  it("that are not of their type are refused, each by name [copilot 68]", async () => {
    const types = Object.fromEntries(rejected.map(({ type }, index) => [`v${index}`, simple(type)]));
    const files = Object.fromEntries(rejected.map(({ content }, index) => [`v${index}`, content]));
    await published({ types, files }, async ({ status, output }) => {
      expect(status).toBe(0);
      const report = await readError(output);
      for (const index of rejected.keys()) expect(report?.message).toContain(`"v${index}"`);
      expect(report).toMatchObject({ code: "OutputUploadFailed", origin: "user" });
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });

  it("a binary is its bytes without the blanks around them", async () => {
    await published(
      { types: { b: simple("BINARY") }, files: { b: Uint8Array.of(32, 0, 255, 10) } },
      async ({ output }) => {
        const { b } = await readPlain(path.join(output, "outputs.pb"));
        expect(b).toMatchObject({ kind: "binary", bytes: Buffer.of(0, 255), tag: "msgpack" });
      },
    );
  });

  it("blanks around a value are dropped, a carriage return is not [copilot 69]", async () => {
    const types = { n: simple("INTEGER"), s: simple("STRING") };
    await published({ types, files: { n: " 42 \n", s: "\ta\r\n" } }, async ({ output }) => {
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        n: { kind: "integer", value: 42n },
        s: { kind: "string", value: "a\r" },
      });
    });
    await published({ types: { n: simple("INTEGER") }, files: { n: "42\r\n" } }, async ({ output }) => {
      expect(await readError(output)).toBeDefined();
    });
  });

  it("of a mebibyte pass where so much is allowed, a text and a struct [copilot B20]", async () => {
    const text = "t".repeat(1_048_576);
    const struct = JSON.stringify({ k: "s".repeat(1_048_576 - 8) });
    expect(struct.length).toBe(1_048_576);
    const types = { text: simple("STRING"), struct: simple("STRUCT") };
    const flags = ["--copilot.max-simple-bytes", "1048576"];
    await published({ types, files: { text, struct }, flags }, async ({ status, output }) => {
      expect(status).toBe(0);
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        text: { kind: "string", value: text },
        struct: { kind: "struct", value: JSON.parse(struct) as unknown },
      });
    });
    await published({ types, files: { text: `${text}t`, struct }, flags }, async ({ output }) => {
      expect((await readError(output))?.message).toMatch(/"text".*1048577 bytes/);
    });
  });

  it("of 1024 bytes pass, one byte more does not [copilot 70]", async () => {
    const types = { s: simple("STRING") };
    await published({ types, files: { s: "x".repeat(1024) } }, async ({ output }) => {
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        s: { kind: "string", value: "x".repeat(1024) },
      });
    });
    await published({ types, files: { s: `${"x".repeat(1024)} ` } }, async ({ output }) => {
      expect((await readError(output))?.message).toContain("1025");
    });
  });

  it("need no place for data, alone or in a list", async () => {
    const types: Readonly<Record<string, Type>> = {
      n: simple("INTEGER"),
      l: { type: { case: "collectionType", value: simple("INTEGER") } },
    };
    const flags = ["--to-raw-output", ""];
    await published({ types, files: { n: "7", "l/0": "1" }, flags }, async ({ output }) => {
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        n: { kind: "integer", value: 7n },
        l: { kind: "collection", items: [{ kind: "integer", value: 1n }] },
      });
    });
  });

  it("a none needs its file [copilot 71]", async () => {
    await published({ types: { n: simple("NONE") } }, async ({ output }) => {
      expect((await readError(output))?.message).toContain('"n"');
    });
  });

  it("an enum is one of the values declared [copilot B21]", async () => {
    const type: Type = { type: { case: "enumType", value: { values: ["low", "high"] } } };
    await published({ types: { e: type }, files: { e: "high\n" } }, async ({ output }) => {
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({ e: { kind: "string", value: "high" } });
    });
    await published({ types: { e: type }, files: { e: "medium" } }, async ({ output }) => {
      expect((await readError(output))?.message).toContain("low, high");
    });
  });
});
