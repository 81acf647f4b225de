import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { NamedLiteralSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { describe, expect, test } from "vitest";
import { valuesPart } from "./value-part.ts";

type Init = Exclude<MessageInitShape<typeof LiteralSchema>, { $typeName: string }>;

const text = (value: string): Init => ({
  value: {
    case: "scalar",
    value: { value: { case: "primitive", value: { value: { case: "stringValue", value } } } },
  },
});
const list = (literals: Init[]): Init => ({ value: { case: "collection", value: { literals } } });
const shown = (value: Init | undefined, name = "x") =>
  valuesPart([create(NamedLiteralSchema, { name, ...(value && { value }) })], (variable) => `/file/${variable}`).text;

describe("inputs and outputs", () => {
  test("a text with markup stays text, and so does the name of its variable", () => {
    const markup = shown(text("<img src=x onerror=alert(1)>"), "<b>");
    expect(markup).toContain("&lt;img src=x onerror=alert(1)&gt;");
    expect(markup).toContain("<dt>&lt;b&gt;</dt>");
  });

  test("a single file is a link, a folder is not", () => {
    const blob = (dimensionality: number): Init => ({
      value: {
        case: "scalar",
        value: { value: { case: "blob", value: { uri: "/data/a.csv", metadata: { type: { dimensionality } } } } },
      },
    });
    expect(shown(blob(0))).toContain('<a href="/file/x"');
    expect(shown(blob(1))).not.toContain("<a ");
  });

  test("a value that is not set says so", () => {
    expect(shown(undefined)).toContain("no value");
    expect(shown({ value: { case: "scalar", value: {} } })).toContain("incomplete");
  });

  test("thousands of values, and values nested a hundred deep, take a page's room and no more", () => {
    const many = list(Array.from({ length: 20_000 }, () => text("v")));
    const markup = shown(many);
    expect(markup.length).toBeLessThan(20_000);
    expect(markup).toContain("and 19,900 more");
    let deep = text("bottom");
    for (let level = 0; level < 90; level += 1) deep = list([deep]);
    expect(shown(deep)).toContain("list of 1");
    expect(shown(deep)).not.toContain("bottom");
    expect(shown(text("x".repeat(1_000_000))).length).toBeLessThan(6_000);
  });

  test("lists of lists of nothing, and many long texts, have bounds of their own", () => {
    let wide = list([]);
    for (let level = 0; level < 4; level += 1) wide = list(Array.from({ length: 12 }, () => wide));
    expect(shown(wide).length).toBeLessThan(60_000);
    expect(shown(list(Array.from({ length: 400 }, () => text("x".repeat(3_000))))).length).toBeLessThan(150_000);
  });

  test("bytes of a model are shown as its fields", () => {
    const model = Buffer.from("81a56c696d69740a", "hex");
    const binary = (tag: string): Init => ({
      value: { case: "scalar", value: { value: { case: "binary", value: { value: model, tag } } } },
    });
    expect(shown(binary("msgpack"))).toContain("&quot;limit&quot;: 10");
    expect(shown(binary(""))).toContain("8 bytes");
  });
});
