/** Outputs of composed types, and the sidecar's own settings. Items B15 to B17, B20, B22 to B24. */
import type { Case } from "../case.ts";
import { documents } from "../model/predict-download.ts";
import { uploadFails } from "../model/predict-upload.ts";
import type { OutputType } from "../output-type.ts";
import { ours } from "./download-case.ts";
import { fileOutput, folderOutput, sidecarCase, simple } from "./sidecar-case.ts";

const optional = (type: OutputType): OutputType => ({ is: "union", variants: [type, simple("NONE")] });
const list = (of: OutputType): OutputType => ({ is: "list", of });
const dict = (of: OutputType): OutputType => ({ is: "map", of });
const either: OutputType = { is: "union", variants: [simple("INTEGER"), simple("BOOLEAN"), simple("STRING")] };
const dataset: OutputType = { is: "dataset", format: "parquet" };

type Left = Readonly<Record<string, string>>;

const shapes: readonly (readonly [string, string, OutputType, Left])[] = [
  ["an optional integer that is there is one", "B22", optional(simple("INTEGER")), { x: "7\n" }],
  ["an optional integer that is not there is none", "B22", optional(simple("INTEGER")), {}],
  ["an optional integer that is null is none", "B22", optional(simple("INTEGER")), { x: " null\n" }],
  ["an optional file that is there is one", "B22", optional(fileOutput), { "x.csv": "a,b" }],
  ["an optional file that is not there is none", "B22", optional(fileOutput), {}],
  ["an optional folder that is there is one", "B22", optional(folderOutput), { "x/a": "1" }],
  ["an optional integer of another type is named", "B22", optional(simple("INTEGER")), { x: "seven" }],
  ["of a union the first variant that fits is taken", "B22", either, { x: "true" }],
  ["of a union the first of all that fit is taken", "B22", either, { x: "1" }],
  ["of a union the last variant is taken where no other fits", "B22", either, { x: "seven" }],
  ["a union without none that is not there is named", "B22", either, {}],
  [
    "a list of strings comes from numbered files",
    "B23",
    list(simple("STRING")),
    { "x/0": "a", "x/1": "b", "x/2": "c" },
  ],
  [
    "a list of integers comes from numbered files with extensions",
    "B23",
    list(simple("INTEGER")),
    { "x/0.txt": "1", "x/1.txt": "2" },
  ],
  [
    "a list of eleven keeps its order",
    "B23",
    list(simple("INTEGER")),
    Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`x/${at}`, String(at * 10)])),
  ],
  ["a list with an element that is no integer is named", "B23", list(simple("INTEGER")), { "x/0": "1", "x/1": "two" }],
  ["a list of files stores each", "B23", list(fileOutput), { "x/0": "a", "x/1": "b" }],
  [
    "a list of lists comes from folders of folders",
    "B23",
    list(list(simple("INTEGER"))),
    { "x/0/0": "1", "x/0/1": "2", "x/1/0": "3" },
  ],
  ["a list of integers comes from a JSON file", "B23", list(simple("INTEGER")), { "x.json": "[1, 2, 3]" }],
  ["an empty list comes from a JSON file", "B23", list(simple("STRING")), { x: "[]" }],
  ["a list in JSON of another type is named", "B23", list(simple("INTEGER")), { x: '["one"]' }],
  ["a list in JSON that is an object is named", "B23", list(simple("INTEGER")), { x: '{"0":1}' }],
  ["a list that is not there is named", "B23", list(simple("INTEGER")), {}],
  ["a dict of integers comes from files", "B23", dict(simple("INTEGER")), { "x/a": "1", "x/b": "2" }],
  ["a dict of files stores each", "B23", dict(fileOutput), { "x/a.csv": "A", "x/b": "B" }],
  ["a dict of strings comes from a JSON file", "B23", dict(simple("STRING")), { x: '{"a":"1","b":"two"}' }],
  ["a dict of lists comes from a JSON file", "B23", dict(list(simple("BOOLEAN"))), { "x.json": '{"k":[true,false]}' }],
  [
    "a structured dataset is a folder that keeps format and columns",
    "B24",
    dataset,
    { "x/part-0.parquet": "rows", "x/sub/1": "more" },
  ],
  ["a schema is a folder that keeps its columns", "B24", { is: "schema" }, { "x/part-0": "rows" }],
  ["a structured dataset that is not there is named", "B24", dataset, {}],
];

const types = { x: simple("STRING") };
const eventually = { at: "waiting" } as const;

export const composedOutputCases: readonly Case[] = [
  ...shapes.map(([name, item, type, left]) => sidecarCase(name, [item], { types: { x: type }, left }, ours)),
  ...(["STRING", "STRUCT"] as const).map((type) =>
    sidecarCase(
      `${type} of a mebibyte passes where it is allowed`,
      ["B20", "70"],
      {
        types: { x: simple(type) },
        left: { x: type === "STRUCT" ? `{"a":"${"x".repeat(1024 * 1024 - 8)}"}` : "x".repeat(1024 * 1024) },
        flags: ["--copilot.max-simple-bytes=1048576"],
        mostSimpleBytes: 1_048_576,
      },
      ours,
    ),
  ),
  sidecarCase(
    "a string of one byte more than is allowed does not pass",
    ["B20"],
    {
      types,
      left: { x: "x".repeat(2049) },
      flags: ["--copilot.max-simple-bytes=2048"],
      mostSimpleBytes: 2048,
    },
    ours,
  ),
  sidecarCase(
    "a task without outputs gives an empty message where that is asked for",
    ["B17"],
    { types: {}, flags: ["--copilot.void-outputs"], signals: eventually },
    ours,
  ),
  sidecarCase(
    "an error of a task without outputs is told where that is asked for",
    ["B17"],
    { types: {}, left: { _ERROR: "it broke" }, flags: ["--copilot.void-outputs"], signals: eventually },
    ours,
  ),
  sidecarCase(
    "a primary that failed leaves no outputs where its status is told",
    ["B16"],
    {
      types,
      left: { x: "1" },
      files: () => ({ status: "3\n" }),
      flags: ({ work }) => ["--copilot.primary-status-file", `${work}/status`],
      expect: ({ dialect }) => ({
        status: 0,
        remote: {
          whole: true,
          entries: documents(dialect, { code: "OutputUploadFailed", says: ["3"], origin: "USER" }),
        },
      }),
    },
    ours,
  ),
  sidecarCase(
    "a primary that ended well leaves its outputs",
    ["B16"],
    {
      types,
      left: { x: "1" },
      files: () => ({ status: "0\n" }),
      flags: ({ work }) => ["--copilot.primary-status-file", `${work}/status`],
    },
    ours,
  ),
  sidecarCase(
    "a marker of success begins the upload without a signal",
    ["B15"],
    {
      types,
      left: { x: "1", _SUCCESS: "" },
      // A signal that never comes: whoever waits for it does not end.
      flags: ["--copilot.success-marker", "--start-watcher-type", "signal"],
    },
    ours,
  ),
  sidecarCase(
    "an upload stops early enough before its limit to tell of it",
    [],
    {
      types: { f: fileOutput },
      left: { f: "x" },
      flags: ["--timeout", "2s", "--copilot.report-margin", "1s"],
      faults: [{ key: "/raw/f", effect: { kind: "stall-request", afterBytes: 0 }, times: Number.POSITIVE_INFINITY }],
      expect: ({ dialect }) => uploadFails(dialect, { says: ["time limit"] }),
    },
    ours,
  ),
];
