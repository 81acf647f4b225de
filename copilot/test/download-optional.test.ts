import { Buffer } from "node:buffer";
import { create, toBinary } from "@bufbuild/protobuf";
import type { PlainLiteral } from "@flyte-dataplane/core";
import { VariableMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { describe, expect, it } from "vitest";
import { blob, listOf, optional, readError, readTree, simple, type Type, writeTree } from "./documents.ts";
import { dict, directory, file, list, stage, staged, text, union } from "./download-run.ts";
import { inFolder } from "./program.ts";

const none = union({ kind: "none" });

/** base64 of a VariableMap. */
function inputsOf(types: Readonly<Record<string, Type>>): string {
  const variables = Object.entries(types).map(([key, type]) => ({ key, value: { type } }));
  return Buffer.from(toBinary(VariableMapSchema, create(VariableMapSchema, { variables }))).toString("base64");
}

/** What `download` makes of optional files in this layout, without its metadata. */
async function stagedOptional(flags: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const types = {
    x: optional(blob(0)),
    y: optional(blob(0)),
    l: listOf(optional(blob(0))),
    s: optional(simple("STRING")),
  };
  let tree: Readonly<Record<string, string>> = {};
  await inFolder(async (folder) => {
    await writeTree(`${folder}/data`, { "a.csv": "a", "b.csv": "b" });
    const [a, b] = ["a", "b"].map((name) => union(file(`${folder}/data/${name}.csv`)));
    const inputs = { x: a ?? none, y: none, l: list(b ?? none, none), s: none };
    const { local, status } = await stage(folder, inputs, [...flags, "--input-interface", inputsOf(types)]);
    expect(status).toBe(0);
    const { "inputs.pb": _message, "inputs.json": json, ...rest } = await readTree(local);
    expect(JSON.parse(json ?? "")).toMatchObject({ y: null, l: [expect.any(String), null], s: null });
    tree = rest;
  });
  return tree;
}

describe("optional files", () => {
  it("keep their names in layout NAMED_DIR; none is absent, or an empty folder as configured [copilot B29]", async () => {
    const layout = ["--file-input-layout", "NAMED_DIR"];
    const there = { "x/a.csv": "a", "l/b.csv": "b", s: "null" };
    expect(await stagedOptional(layout)).toEqual(there);
    expect(await stagedOptional([...layout, "--copilot.optional-files=EMPTY"])).toEqual({
      ...there,
      "y/": "",
      "l/1/": "",
    });
  });

  it("never take the place of an element that stands at its index beside them [copilot B30]", async () => {
    await inFolder(async (folder) => {
      await writeTree(`${folder}/data`, { "1": "a file", "2/member": "of a folder" });
      const l = list(union(file(`${folder}/data/1`)), union(text("a text")), union(directory(`${folder}/data/2`)));
      const { local, status } = await stage(folder, { l }, ["--file-input-layout", "NAMED_DIR"]);
      expect(status).toBe(0);
      expect(await readTree(`${local}/l`)).toEqual({ "0_1": "a file", "1": "a text", "2/member": "of a folder" });
    });
  });

  it("stand at their variable in layout DIRECT, where none is the file `null`", async () => {
    expect(await stagedOptional([])).toEqual({ x: "a", y: "null", "l/0": "b", "l/1": "null", s: "null" });
  });
});

describe("binaries in msgpack", () => {
  const packed = (...bytes: number[]): PlainLiteral => ({
    kind: "binary",
    bytes: Uint8Array.from(bytes),
    tag: "msgpack",
  });
  /** {"k": [1, -1]} */
  const value = packed(0x81, 0xa1, 0x6b, 0x92, 0x01, 0xff);

  it("lie there as JSON too, on request, wherever they stand [copilot B27]", async () => {
    const inputs = { x: value, l: list(dict({ m: union(value) })), other: { ...value, tag: "pickle" } };
    const json = JSON.stringify({ k: [1, -1] });
    for (const flags of [["--copilot.decode-msgpack"], []]) {
      await staged(
        () => inputs,
        flags,
        async ({ status, local }) => {
          expect(status).toBe(0);
          const tree = await readTree(local);
          expect(JSON.parse(tree["inputs.json"] ?? "")).toMatchObject({ x: "gaFrkgH/" });
          expect(tree["x.json"]).toBe(flags.length === 0 ? undefined : json);
          expect(tree["l/0/m.json"]).toBe(flags.length === 0 ? undefined : json);
          expect(tree).not.toHaveProperty("other.json");
          expect(tree).toHaveProperty("x");
        },
      );
    }
  });

  it.each<{ name: string; inputs: Readonly<Record<string, PlainLiteral>>; says: string }>([
    { name: "they are no msgpack", inputs: { x: packed(0x92, 0x01) }, says: "ends too early" },
    { name: "another input has the name", inputs: { x: value, "x.json": text("mine") }, says: "another input's" },
  ])("are reported by their variable where $name", async ({ inputs, says }) => {
    await staged(
      () => inputs,
      ["--copilot.decode-msgpack"],
      async ({ output, local }) => {
        expect((await readError(output))?.message).toMatch(/variable "x"/);
        expect((await readError(output))?.message).toContain(says);
        expect(await readTree(local)).toEqual({});
      },
    );
  });
});
