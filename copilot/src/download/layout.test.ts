import { toBinary } from "@bufbuild/protobuf";
import { fromPlain, type PlainLiteral } from "@flyte-dataplane/core";
import { LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { describe, expect, it } from "vitest";
import { baseName, uniqueName } from "./base-names.ts";
import { layOut } from "./layout.ts";
import type { Layout } from "./places.ts";

const file = (uri: string): PlainLiteral => ({ kind: "blob", uri, format: "", multipart: false });

function named(inputs: Readonly<Record<string, PlainLiteral>>): Layout {
  const literal = (name: string): Uint8Array => toBinary(LiteralSchema, fromPlain(inputs[name] ?? { kind: "none" }));
  return layOut({ names: Object.keys(inputs), literal }, { folder: "/D", namedFolders: true, remoteBlobs: false });
}

describe("names of files", () => {
  it.each([
    ["s3://b/dir/a%20b.txt", "a b.txt"],
    ["s3://b/dir/what?x=1", "what?x=1"],
    ["s3://b/x/", "x"],
    ["/tmp/a%20b", "a%20b"],
    ["https://host/dir/f%C3%A9.csv?token=secret#part", "fé.csv"],
    ["gs://b", ""],
  ])("of %s is '%s'", (uri, name) => {
    expect(baseName(uri)).toBe(name);
  });

  it("never repeat, whatever they are", () => {
    const taken = new Set<string>();
    const bases = ["2_a", "a", "a", "", ".", "..", "a", "1_a", "6_a"];
    const names = bases.map((base, index) => uniqueName(base, index, taken));
    expect(new Set(names).size).toBe(bases.length);
    for (const name of names) expect(["", ".", ".."]).not.toContain(name);
  });
});

describe("NAMED_DIR", () => {
  it("decodes names, drops queries and gives three files three names [copilot B30]", () => {
    const l: PlainLiteral = {
      kind: "collection",
      items: [file("https://h/file.txt?sig=1"), file("s3://b/1_file.txt"), file("s3://b/%66ile.txt")],
    };
    expect(named({ l }).blobs.map(({ path }) => path)).toEqual(["/D/l/file.txt", "/D/l/1_file.txt", "/D/l/2_file.txt"]);
  });

  it("keeps lists of lists and maps apart, each in its own folder", () => {
    const inner: PlainLiteral = { kind: "collection", items: [file("s3://b/a"), file("s3://c/a")] };
    const paths = named({
      l: { kind: "collection", items: [inner, inner] },
      m: { kind: "map", entries: new Map([["k", file("s3://b/a")]]) },
    }).blobs.map(({ path }) => path);
    expect(paths).toEqual(["/D/l/0/a", "/D/l/0/1_a", "/D/l/1/a", "/D/l/1/1_a", "/D/m/k/a"]);
  });

  it("makes every folder before what lies in it", () => {
    const { folders } = named({ m: { kind: "map", entries: new Map([["k", file("s3://b/a")]]) } });
    expect(folders).toEqual(["/D/m", "/D/m/k"]);
  });
});
