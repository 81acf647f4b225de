import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fromPlain } from "@flyte-dataplane/core";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { describe, expect, it } from "vitest";
import {
  blob,
  listOf,
  optional,
  readError,
  readLiterals,
  readPlain,
  readTree,
  simple,
  type Type,
  unionOf,
} from "./documents.ts";
import { inFolder } from "./program.ts";
import { places, published, publishIn } from "./sidecar-run.ts";

describe("unions as outputs", () => {
  it.each<{ name: string; files: Readonly<Record<string, string>> }>([
    { name: "no file", files: {} },
    { name: "a file `null`", files: { x: "null\n" } },
  ])("are none for $name, where none is a variant [copilot B22]", async ({ files }) => {
    await published({ types: { x: optional(simple("STRING")) }, files }, async ({ output }) => {
      expect(unionIn((await readLiterals(path.join(output, "outputs.pb")))["x"])).toEqual({
        value: fromPlain({ kind: "none" }),
        simple: 0,
      });
    });
  });

  it("are the first variant that fits, and say which it is [copilot B22]", async () => {
    const types = {
      i: unionOf(simple("INTEGER"), simple("STRING")),
      s: unionOf(simple("INTEGER"), simple("BOOLEAN"), simple("STRING")),
      first: unionOf(simple("STRING"), simple("INTEGER")),
    };
    await published({ types, files: { i: "7", s: "seven", first: "7" } }, async ({ output }) => {
      const literals = await readLiterals(path.join(output, "outputs.pb"));
      expect(unionIn(literals["i"])).toEqual({ value: fromPlain({ kind: "integer", value: 7n }), simple: 1 });
      expect(unionIn(literals["s"])).toEqual({ value: fromPlain({ kind: "string", value: "seven" }), simple: 3 });
      expect(unionIn(literals["first"])).toEqual({ value: fromPlain({ kind: "string", value: "7" }), simple: 3 });
    });
  });

  it("of a file are stored once, as the variant that is chosen, and of a list none of its first files [copilot B22]", async () => {
    const types = {
      f: optional(blob(0)),
      l: unionOf(listOf(unionOf(simple("INTEGER"), blob(1))), blob(1)),
    };
    const files = { f: "data", "l/0": "1", "l/1/a": "2", "l/2": "no integer" };
    await published({ types, files }, async ({ output, raw }) => {
      expect(await readTree(raw)).toEqual({ f: "data", "l/0": "1", "l/1/a": "2", "l/2": "no integer" });
      expect(await readPlain(path.join(output, "outputs.pb"))).toMatchObject({
        f: { kind: "union", value: { kind: "blob", uri: `${raw}/f` } },
        l: { kind: "union", value: { kind: "blob", uri: `${raw}/l`, multipart: true } },
      });
    });
  });

  it("without a variant that fits are refused by what each says [copilot B22]", async () => {
    const types = { x: unionOf(simple("INTEGER"), blob(1), simple("NONE")), y: unionOf(simple("STRING"), blob(0)) };
    await published({ types, files: { x: "seven" } }, async ({ output }) => {
      const { message = "", origin } = (await readError(output)) ?? {};
      expect(message).toContain('variable "x"');
      expect(message).toContain('"seven"');
      expect(message).toContain("declared is a folder");
      expect(message).toMatch(/variable "y".*no such file/);
      expect(origin).toBe("user");
    });
  });
});

describe("tables as outputs", () => {
  const columns = [
    { name: "a", literalType: simple("INTEGER") },
    { name: "b", literalType: simple("STRING") },
  ];
  const dataset: Type = {
    type: { case: "structuredDatasetType", value: { columns, format: "parquet", externalSchemaType: "arrow" } },
  };
  const schema: Type = { type: { case: "schema", value: { columns: [{ name: "a", type: 0 }] } } };

  it("are folders, and keep the format and the columns declared [copilot B24]", async () => {
    const files = { "t/00000": "rows", "t/part/00001": "more", "s/00000": "old rows" };
    await published({ types: { t: dataset, s: schema }, files }, async ({ output, raw }) => {
      expect(await readTree(raw)).toEqual(files);
      const { t, s } = await readPlain(path.join(output, "outputs.pb"));
      expect(t).toMatchObject({ kind: "dataset", uri: `${raw}/t` });
      expect(t).toMatchObject({
        type: {
          format: "parquet",
          externalSchemaType: "arrow",
          columns: [
            { name: "a", literalType: { type: { case: "simple", value: 1 } } },
            { name: "b", literalType: { type: { case: "simple", value: 3 } } },
          ],
        },
      });
      expect(s).toMatchObject({ kind: "schema", uri: `${raw}/s`, type: { columns: [{ name: "a", type: 0 }] } });
    });
  });

  it("of one file are the folder that holds it under its own name [copilot B24]", async () => {
    await published({ types: { t: dataset }, files: { "t.parquet": "rows" } }, async ({ output, raw }) => {
      expect(await readTree(raw)).toEqual({ "t/t.parquet": "rows" });
      expect(await readPlain(path.join(output, "outputs.pb"))).toMatchObject({ t: { uri: `${raw}/t` } });
    });
  });

  it("that are missing are refused, and empty ones are not [copilot B24]", async () => {
    await published({ types: { t: dataset } }, async ({ output }) => {
      expect((await readError(output))?.message).toContain('"t"');
    });
    await inFolder(async (folder) => {
      await mkdir(path.join(places(folder).local, "t"), { recursive: true });
      const { output, raw } = await publishIn(folder, { types: { t: dataset } });
      expect(await readPlain(path.join(output, "outputs.pb"))).toMatchObject({ t: { uri: `${raw}/t` } });
    });
  });
});

/** Value and simple type of the variant that a union is. */
function unionIn(literal: Literal | undefined): { readonly value: unknown; readonly simple: unknown } | undefined {
  const scalar = literal?.value.case === "scalar" ? literal.value.value : undefined;
  if (scalar?.value.case !== "union") return undefined;
  const { value, type } = scalar.value.value;
  return { value, simple: type?.type.value };
}
