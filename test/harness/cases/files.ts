/** Files, folders and tables as inputs: layouts, names, listings. Items 38 to 50, and those of B that go on from there. */
import type { Case } from "../case.ts";
import { downloadFails } from "../model/predict-download.ts";
import { type Content, file, folder, integer, list, map, none, text, union, type Value } from "../value.ts";
import { both, downloadCase, ours } from "./download-case.ts";

const objects: Readonly<Record<string, Content>> = {
  "data/a.csv": "A",
  "data/b.csv": "B",
  "data/p/same": "first",
  "data/q/same": "second",
  "data/r/same": "third",
  "data/p/2_file": "P",
  "data/p/file": "F",
  "data/q/file": "Q",
  "data/f.txt/file.txt": "one",
  "data/f.txt/1_file.txt": "two",
  "data/g/file.txt": "three",
  "data/d/a": "1",
  "data/d/e/f/g": "2",
  "data/d/e/h": "3",
  "data/t/part-0": "rows",
  "data/t/_meta/0": new Uint8Array([0, 255]),
};

type Layout = "DIRECT" | "NAMED_DIR" | "";

const shapes: readonly (readonly [string, Value, readonly [string[], string[]]])[] = [
  ["a file", file("data/a.csv"), [["38", "50"], ["39"]]],
  ["a list of files", list(file("data/a.csv"), file("data/b.csv")), [["38"], ["39"]]],
  ["a dict of files", map({ k: file("data/a.csv"), m: file("data/b.csv") }), [["38"], ["39"]]],
  [
    "a list of lists of files",
    list(list(file("data/a.csv"), file("data/b.csv")), list(file("data/a.csv"))),
    [["38"], ["39"]],
  ],
  ["a dict of lists of files", map({ k: list(file("data/p/same"), file("data/q/same")) }), [["38"], ["40"]]],
  ["a list of files of one name", list(file("data/p/same"), file("data/q/same")), [["38"], ["40"]]],
  [
    "a list of three files of one name",
    list(file("data/p/same"), file("data/q/same"), file("data/r/same")),
    [["38"], ["40"]],
  ],
  ["an optional file", union(file("data/a.csv")), [["34"], ["B29"]]],
  ["an optional file that is none", union(none), [["34"], ["41"]]],
  ["a list of optional files", list(union(file("data/a.csv")), union(none)), [["34"], ["B29"]]],
  ["a folder", folder("data/d"), [["43"], ["41"]]],
  ["a list of folders", list(folder("data/d"), folder("data/t")), [["43"], ["41"]]],
  ["a dict of folders", map({ k: folder("data/d") }), [["43"], ["41"]]],
  ["an optional folder", union(folder("data/d")), [["43"], ["41"]]],
  ["a schema", { is: "schema", at: { key: "data/t" } }, [["45"], ["45"]]],
  ["a list of schemas", list({ is: "schema", at: { key: "data/t" } }), [["45"], ["45"]]],
  ["a structured dataset", { is: "dataset", at: { key: "data/t" }, format: "parquet" }, [["46", "B26"], ["B26"]]],
  ["simple values beside files", map({ n: integer(1), f: file("data/a.csv") }), [["38"], ["39"]]],
];

const layouts: readonly (readonly [Layout, 0 | 1])[] = [
  ["DIRECT", 0],
  ["NAMED_DIR", 1],
];

const many = Object.fromEntries(Array.from({ length: 1203 }, (_, at) => [`data/many/${at % 7}/${at}`, String(at)]));

export const fileCases: readonly Case[] = [
  ...shapes.flatMap(([name, value, items]) =>
    layouts.map(([layout, at]) =>
      downloadCase(`${name} lands where ${layout} has it`, items[at], { inputs: { x: value }, objects, layout }),
    ),
  ),
  ...shapes.map(([name, value]) =>
    downloadCase(`${name} lands by an empty layout as by DIRECT`, ["42"], {
      inputs: { x: value },
      objects,
      layout: "",
    }),
  ),
  ...(["JSON", "YAML", "PROTO"] as const).map((format) =>
    downloadCase(`files and folders are local paths in what ${format} lists`, ["50", "51"], {
      inputs: { f: file("data/a.csv"), d: folder("data/d"), l: list(file("data/b.csv")) },
      objects,
      format,
    }),
  ),
  downloadCase("a folder of more than a thousand files is complete", ["44"], {
    inputs: { d: folder("data/many") },
    objects: many,
  }),
  downloadCase("a folder of more than a hundred files is complete", ["44"], {
    inputs: { d: folder("data/many/3") },
    objects: many,
  }),
  downloadCase(
    "a folder does not bring what lies in one whose name begins alike",
    ["B34"],
    {
      inputs: { d: folder("data/dir") },
      objects: { "data/dir/a": "1", "data/dir2/b": "2", "data/dir.txt": "3" },
    },
    ours,
  ),
  downloadCase("a folder without objects is an empty folder", ["B34"], { inputs: { d: folder("data/none") } }, ours),
  downloadCase(
    "a folder named with a slash at its end is the same",
    ["43"],
    {
      inputs: { d: { is: "folder", at: { key: "data/d/" }, format: "" } },
      objects,
    },
    ours,
  ),
  downloadCase(
    "markers of folders are folders",
    ["B34"],
    {
      inputs: { d: folder("data/m") },
      objects: { "data/m/": "", "data/m/sub/": "", "data/m/x/": "", "data/m/x/y": "1" },
    },
    ours,
  ),
  downloadCase("an object of the folder's own name is not part of it", ["B34"], {
    inputs: { d: folder("data/n") },
    objects: { "data/n/a": "1" },
  }),
  downloadCase("a file of 12 MB comes whole", ["38"], {
    inputs: { x: file("data/large") },
    objects: { "data/large": new Uint8Array(12_000_000).map((_, at) => at % 251) },
  }),
  downloadCase("an empty file is an empty file", ["38"], {
    inputs: { x: file("data/empty") },
    objects: { "data/empty": "" },
  }),
  ...layouts.map(([layout]) =>
    downloadCase(`a file that is missing is named by its variable in ${layout}`, ["47"], {
      inputs: { fine: text("x"), gone: file("data/absent") },
      layout,
    }),
  ),
  downloadCase("a missing file deep inside is named by its variable", ["47"], {
    inputs: { deep: list(map({ k: union(file("data/absent")) })), fine: text("x") },
  }),
  downloadCase("every variable that fails is named", ["B7"], {
    inputs: { g1: file("data/absent"), g2: list(file("data/a.csv"), file("data/gone")), fine: text("x") },
    objects,
  }),
  downloadCase("an other bucket is read where all are allowed", ["20"], {
    inputs: {
      x: { is: "file", at: { other: "data/x" }, format: "" },
      d: { is: "folder", at: { other: "data/d" }, format: "" },
    },
    otherObjects: { "data/x": "from afar", "data/d/1": "one" },
    words: { multiContainer: true },
  }),
  downloadCase("an other bucket is refused by name where one alone is allowed", ["20"], {
    inputs: { x: { is: "file", at: { other: "data/x" }, format: "" } },
    otherObjects: { "data/x": "from afar" },
    expect: ({ dialect, store }) =>
      downloadFails(dialect, ["x"], dialect === "ours" ? { says: [store.otherBucket] } : {}),
  }),
  downloadCase(
    "files stay where they are in mode DO_NOT_DOWNLOAD",
    ["B51"],
    {
      inputs: { f: file("data/a.csv"), s: text("x") },
      objects,
      flags: ["--download-mode", "DO_NOT_DOWNLOAD"],
      expect: ({ locate }) => ({
        status: 0,
        local: {
          whole: false,
          entries: {
            s: { is: "text", text: "x" },
            "inputs.json": { is: "text", text: `{"f":"${locate({ key: "data/a.csv" })}","s":"x"}` },
          },
          lacks: ["f"],
        },
        remote: { whole: true, entries: {} },
        requests: { "GET data/a.csv": 0 },
      }),
    },
    ours,
  ),
  downloadCase(
    "a folder costs one request for each object and its listing",
    ["B58"],
    {
      inputs: { d: folder("data/d") },
      objects,
      expect: (_world, predicted) => ({
        ...predicted,
        requests: {
          "GET data/d/a": 1,
          "GET data/d/e/f/g": 1,
          "GET data/d/e/h": 1,
          "HEAD data/d/a": 0,
          "LIST data/d/": 1,
        },
      }),
    },
    ours,
  ),
  ...(["DIRECT", "NAMED_DIR"] as const).flatMap((layout) => [
    downloadCase(`inputs that lie in files land where ${layout} has them`, layout === "DIRECT" ? ["38"] : ["39"], {
      inputs: { x: file("data/a.csv"), l: list(file("data/p/same"), file("data/q/same")), s: text("y") },
      objects,
      layout,
      store: "files",
    }),
  ]),
  downloadCase(
    "a folder that lies in files is staged with its folders",
    ["43"],
    {
      inputs: { d: folder("data/d") },
      objects,
      store: "files",
    },
    ours,
  ),
  downloadCase(
    "a file that is missing among files is named by its variable",
    ["47"],
    {
      inputs: { gone: file("data/absent"), fine: text("x") },
      store: "files",
    },
    both,
  ),
];
