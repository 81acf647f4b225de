import { writeFile } from "node:fs/promises";
import path from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { fromPlain, type PlainLiteral } from "@flyte-dataplane/core";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { SchemaTypeSchema } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { describe, expect, it } from "vitest";
import { readError, readPlain, readTree, writeTree } from "./documents.ts";
import { dict, directory, file, list, stage, staged, text, union } from "./download-run.ts";
import { inFolder } from "./program.ts";

const named = ["--file-input-layout", "NAMED_DIR"];

describe("download of files and folders", () => {
  it("DIRECT puts a file at its variable, elements at numbers, entries at keys [copilot 38]", async () => {
    await inFolder(async (folder) => {
      const data = path.join(folder, "data");
      await writeTree(data, { "a.csv": "A", "b.csv": "B", "c.csv": "C", "d.csv": "D" });
      const inputs = {
        x: file(`${data}/a.csv`),
        l: list(file(`${data}/b.csv`), file(`${data}/c.csv`)),
        m: dict({ k: file(`${data}/d.csv`) }),
      };
      const { local } = await stage(folder, inputs);
      expect(await readTree(local)).toMatchObject({ x: "A", "l/0": "B", "l/1": "C", "m/k": "D" });
    });
  });

  it("NAMED_DIR puts each file under its own name [copilot 39]", async () => {
    await inFolder(async (folder) => {
      const data = path.join(folder, "data");
      await writeTree(data, { "a.csv": "A", "b.csv": "B", "c.csv": "C", "d.csv": "D" });
      const inputs = {
        x: file(`${data}/a.csv`),
        l: list(file(`${data}/b.csv`), file(`${data}/c.csv`)),
        m: dict({ k: file(`${data}/d.csv`) }),
      };
      const { local } = await stage(folder, inputs, named);
      expect(await readTree(local)).toMatchObject({ "x/a.csv": "A", "l/b.csv": "B", "l/c.csv": "C", "m/k/d.csv": "D" });
      expect(await readPlain(path.join(local, "inputs.pb"))).toMatchObject({ x: { uri: `${local}/x/a.csv` } });
    });
  });

  it("NAMED_DIR sets the index before the second of two equal names [copilot 40]", async () => {
    await inFolder(async (folder) => {
      const data = path.join(folder, "data");
      await writeTree(data, { "p/same": "first", "q/same": "second" });
      const { local } = await stage(folder, { l: list(file(`${data}/p/same`), file(`${data}/q/same`)) }, named);
      expect(await readTree(local)).toMatchObject({ "l/same": "first", "l/1_same": "second" });
    });
  });

  it("NAMED_DIR gives every file a name of its own, whatever they are called", async () => {
    await inFolder(async (folder) => {
      const data = path.join(folder, "data");
      await writeTree(data, { "p/file.txt": "1", "p/2_file.txt": "2", "q/file.txt": "3" });
      const inputs = { l: list(file(`${data}/p/file.txt`), file(`${data}/p/2_file.txt`), file(`${data}/q/file.txt`)) };
      const { local } = await stage(folder, inputs, named);
      expect(await readTree(local)).toMatchObject({ "l/file.txt": "1", "l/2_file.txt": "2", "l/2_2_file.txt": "3" });
    });
  });

  it("NAMED_DIR looks through an optional file", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { "a.csv": "A" });
      const { local } = await stage(folder, { x: union(file(`${folder}/data/a.csv`)) }, named);
      expect(await readTree(local)).toMatchObject({ "x/a.csv": "A" });
    });
  });

  it("NAMED_DIR leaves folders and simple values where DIRECT has them [copilot 41]", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { "f/a": "A" });
      const { local } = await stage(folder, { d: directory(`${folder}/data/f`), s: text("x") }, named);
      expect(await readTree(local)).toMatchObject({ "d/a": "A", s: "x" });
    });
  });

  it("an empty layout means DIRECT [copilot 42]", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { a: "A" });
      const { status, local } = await stage(folder, { x: file(`${folder}/data/a`) }, ["--file-input-layout", ""]);
      expect(status).toBe(0);
      expect(await readTree(local)).toMatchObject({ x: "A" });
    });
  });

  it("a folder is staged with its folders [copilot 43]", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { "d/a": "1", "d/e/f/g": "2", "d/e/h": "3" });
      const { local } = await stage(folder, { d: directory(`${folder}/data/d`) });
      expect(await readTree(path.join(local, "d"))).toEqual({ a: "1", "e/f/g": "2", "e/h": "3" });
    });
  });

  it("a folder of more than a thousand files is staged whole [copilot 44]", async () => {
    await inFolder(async (folder) => {
      const files = Object.fromEntries(
        Array.from({ length: 1203 }, (_, index) => [`d/${index % 7}/${index}`, `${index}`]),
      );
      await writeTree(path.join(folder, "data"), files);
      const { local } = await stage(folder, { d: directory(`${folder}/data/d`) });
      const tree = await readTree(local);
      for (const [name, content] of Object.entries(files)) expect(tree[name]).toBe(content);
    });
  });

  it("a folder does not bring what lies in another whose name begins alike", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { "dir/a": "1", "dir2/b": "2", "dir.txt": "3" });
      const { local } = await stage(folder, { d: directory(`${folder}/data/dir`) });
      expect(await readTree(path.join(local, "d"))).toEqual({ a: "1" });
    });
  });

  it("a folder without files is staged as an empty one", async () => {
    await inFolder(async (folder) => {
      const { status, local } = await stage(folder, { d: directory(`${folder}/data/none`) });
      expect(status).toBe(0);
      expect(await readTree(local)).toMatchObject({ "d/": "" });
    });
  });

  it("a schema is staged as a folder and keeps its type in the message [copilot 45]", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { "t/part-0": "rows" });
      const schema: PlainLiteral = { kind: "schema", uri: `${folder}/data/t`, type: undefined };
      const typed = withSchemaColumn(fromPlain(schema), "age");
      const { local } = await stage(folder, { t: typed });
      expect(await readTree(local)).toMatchObject({ "t/part-0": "rows" });
      expect(await readPlain(path.join(local, "inputs.pb"))).toMatchObject({
        t: { kind: "schema", uri: `${local}/t`, type: { columns: [{ name: "age" }] } },
      });
    });
  });

  it("a structured dataset is staged as a folder and keeps its format [copilot 46,B26]", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { "t/0.parquet": "rows" });
      const dataset = create(LiteralSchema, {
        value: {
          case: "scalar",
          value: {
            value: {
              case: "structuredDataset",
              value: { uri: `${folder}/data/t`, metadata: { structuredDatasetType: { format: "parquet" } } },
            },
          },
        },
      });
      const { local } = await stage(folder, { t: dataset });
      expect(await readTree(local)).toMatchObject({
        "t/0.parquet": "rows",
        "inputs.json": JSON.stringify({ t: `${local}/t` }),
      });
      expect(await readPlain(path.join(local, "inputs.pb"))).toMatchObject({
        t: { kind: "dataset", uri: `${local}/t`, type: { format: "parquet" } },
      });
    });
  });

  it("in the message locations are local paths and the rest of a blob is unchanged [copilot 50]", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { a: "A", "d/b": "B" });
      const inputs = { x: file(`${folder}/data/a`), l: list(directory(`${folder}/data/d`)) };
      const { local } = await stage(folder, inputs);
      expect(await readPlain(path.join(local, "inputs.pb"))).toEqual({
        x: file(`${local}/x`),
        l: list(directory(`${local}/l/0`)),
      });
    });
  });

  it("a missing file is reported with the name of its variable [copilot 47]", async () => {
    await staged(
      (folder) => ({ present: text("x"), gone: file(`${folder}/data/absent`) }),
      [],
      async ({ status, output }) => {
        expect(status).toBe(0);
        expect(await readError(output)).toMatchObject({
          code: "InputDownloadFailed",
          message: expect.stringContaining('"gone"') as string,
        });
      },
    );
  });

  it("offloaded literals are followed at the top and inside a map [copilot 49]", async () => {
    await inFolder(async (folder) => {
      await writeOffloaded(folder, "top", text("from afar"));
      await writeOffloaded(folder, "inner", file(`${folder}/data/a`));
      await writeTree(path.join(folder, "data"), { a: "A" });
      const { local } = await stage(folder, {
        o: offloaded(`${folder}/top`),
        m: dict({ k: offloaded(`${folder}/inner`) }),
      });
      expect(await readTree(local)).toMatchObject({ o: "from afar", "m/k": "A" });
      expect(await readPlain(path.join(local, "inputs.pb"))).toMatchObject({ o: text("from afar") });
    });
  });

  it("offloaded literals are followed in lists, unions and one another, and a circle is refused [copilot B28]", async () => {
    await inFolder(async (folder) => {
      await writeOffloaded(folder, "last", text("deep"));
      await writeOffloaded(folder, "first", list(offloaded(`${folder}/last`)));
      const { local } = await stage(folder, {
        u: union(offloaded(`${folder}/first`)),
        l: list(text("near"), offloaded(`${folder}/last`)),
      });
      expect(await readTree(local)).toMatchObject({ "u/0": "deep", "l/0": "near", "l/1": "deep" });
    });
    await inFolder(async (folder) => {
      await writeOffloaded(folder, "one", list(offloaded(`${folder}/two`)));
      await writeOffloaded(folder, "two", list(offloaded(`${folder}/one`)));
      const { output } = await stage(folder, { o: offloaded(`${folder}/one`) });
      expect((await readError(output))?.message).toContain("leads back to itself");
    });
    await inFolder(async (folder) => {
      for (let hop = 0; hop < 20; hop++) await writeOffloaded(folder, `${hop}`, offloaded(`${folder}/${hop + 1}`));
      const { output } = await stage(folder, { o: offloaded(`${folder}/0`) });
      expect((await readError(output))?.message).toContain("more than 16");
    });
  });

  it("an object whose name holds marks of URIs is the object named", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { "a#b?c%20 é:+": "odd", a: "even" });
      const { local } = await stage(folder, { x: file(`${folder}/data/a#b?c%20 é:+`) });
      expect(await readTree(local)).toMatchObject({ x: "odd" });
    });
  });
});

function offloaded(uri: string): PlainLiteral {
  return { kind: "offloaded", uri, sizeBytes: 1n, type: undefined };
}

/** Stores a literal for others to refer to. */
async function writeOffloaded(folder: string, name: string, value: PlainLiteral): Promise<void> {
  await writeFile(path.join(folder, name), toBinary(LiteralSchema, fromPlain(value)));
}

function withSchemaColumn(literal: Literal, name: string): Literal {
  const { value } = literal;
  if (value.case !== "scalar" || value.value.value.case !== "schema") throw new Error("not a schema");
  value.value.value.value.type = create(SchemaTypeSchema, { columns: [{ name }] });
  return literal;
}
