/** Files and folders that a task leaves, how they are found, where they go. Items 72 to 83, B24, B25, B35, B39, B40. */
import type { Case } from "../case.ts";
import { uploadFails } from "../model/predict-upload.ts";
import { ours } from "./download-case.ts";
import { fileOutput, folderOutput, sidecarCase, simple } from "./sidecar-case.ts";

const always = Number.POSITIVE_INFINITY;
const tree = { "d/x": "X", "d/sub/x": "Y", "d/sub/deep/er/z": "Z", "d/.hidden": "h" };
const oddNames = [
  "a b.txt",
  "é.txt",
  "日本",
  "a+b",
  "a:b",
  "~x",
  "(x)",
  "what?.txt",
  "h#x",
  "100%.txt",
  "a%20b",
  "c:d.txt",
  "1:2",
];

export const outputCases: readonly Case[] = [
  // Lookup.
  ...["y", "y.txt", "y.tar.gz", "y."].map((name) =>
    sidecarCase(`an output y is found as ${name}`, ["72"], { types: { y: fileOutput }, left: { [name]: "content" } }),
  ),
  sidecarCase("of y and y.txt the former is the output", ["72"], {
    types: { y: fileOutput },
    left: { y: "this", "y.txt": "not this" },
  }),
  sidecarCase("two files that could be the output are a failure that names it", ["72"], {
    types: { y: fileOutput },
    left: { "y.txt": "1", "y.csv": "2" },
  }),
  sidecarCase("a file whose name merely begins like the output's is none", ["72", "79"], {
    types: { y: fileOutput },
    left: { yy: "1", "x.y": "2" },
  }),
  sidecarCase("a simple value is found with an extension", ["72"], {
    types: { y: simple("INTEGER") },
    left: { "y.txt": "7" },
  }),
  sidecarCase(
    "marks of patterns in a name are letters of it",
    ["72"],
    {
      types: { "a*": simple("STRING") },
      left: { "a*.txt": "mine", "ab.txt": "not mine" },
    },
    ours,
  ),
  // Files and folders.
  sidecarCase("a file goes to its name below the raw prefix", ["73"], {
    types: { f: fileOutput },
    left: { "f.csv": "a,b" },
  }),
  sidecarCase("an empty file is stored", ["73"], { types: { f: fileOutput }, left: { f: "" } }),
  sidecarCase("a file of 20 MB is stored whole", ["73"], {
    types: { f: fileOutput },
    left: { f: new Uint8Array(20_000_000).map((_, at) => at % 253) },
  }),
  sidecarCase("a folder goes up with its folders, equal names apart", ["74"], {
    types: { d: folderOutput },
    left: tree,
  }),
  sidecarCase("an empty folder is a literal without objects", ["75"], {
    types: { d: folderOutput },
    left: { d: { folder: true } },
  }),
  sidecarCase("a folder of empty folders is a literal without objects", ["75"], {
    types: { d: folderOutput },
    left: { "d/e/f": { folder: true } },
  }),
  sidecarCase("a folder of 300 files goes up whole", ["74"], {
    types: { d: folderOutput },
    left: Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`d/${at % 5}/${at}`, String(at)])),
  }),
  ...oddNames.map((name) =>
    sidecarCase(
      `a file called ${name} keeps its name in its folder`,
      ["B35"],
      {
        types: { d: folderOutput },
        left: { [`d/${name}`]: name, [`d/sub/${name}`]: name },
      },
      ours,
    ),
  ),
  ...["a b", "é", "h#x", "what?", "100%"].map((name) =>
    sidecarCase(
      `an output called ${name} keeps its name`,
      ["B35"],
      { types: { [name]: fileOutput }, left: { [name]: "x" } },
      ours,
    ),
  ),
  sidecarCase("what is not declared stays where it is", ["76"], {
    types: { f: fileOutput },
    left: { f: "1", g: "2", "other/x": "3" },
  }),
  sidecarCase("the message names what is declared and nothing else, after all data", ["77"], {
    types: { n: simple("INTEGER"), f: fileOutput, d: folderOutput },
    left: { n: "7", f: "1", "d/x": "2", g: "no" },
  }),
  sidecarCase("no message is written when the data cannot be", ["77"], {
    types: { n: simple("INTEGER"), f: fileOutput },
    left: { n: "7", f: "1" },
    faults: [{ key: "/raw/f", effect: { kind: "answer", status: 403 }, times: always }],
    expect: ({ dialect }) => ({
      ...uploadFails(dialect, { names: ["f"], origin: "SYSTEM" }),
      requests: { "PUT out/outputs.pb": 0 },
    }),
  }),
  sidecarCase(
    "one small object costs one request",
    ["B58"],
    {
      types: { d: folderOutput },
      left: tree,
      expect: (_world, predicted) => ({
        ...predicted,
        requests: { "PUT raw/d/x": 1, "PUT raw/d/sub/x": 1, "HEAD raw/d/x": 0, "GET raw/d/x": 0 },
      }),
    },
    ours,
  ),
  sidecarCase("an upload writes over what was there", ["83"], {
    types: { f: fileOutput },
    left: { f: "new" },
    objects: { "raw/f": "old", "out/outputs.pb": "old" },
  }),
  sidecarCase("the outputs message goes under the name that was asked for", ["78"], {
    types: { n: simple("INTEGER") },
    left: { n: "7" },
    metaName: "mine.pb",
    documents: { "mine.pb": "literals" },
  }),
  sidecarCase("a report of a sidecar goes under the name that was asked for", ["78"], {
    types: { n: simple("INTEGER") },
    left: {},
    flags: ["--err-output-name=mine.pb"],
    documents: { "mine.pb": "error" },
    expect: ({ dialect }) => ({
      status: 0,
      remote: {
        whole: true,
        entries: {
          "out/mine.pb": {
            is: "error like",
            code: "OutputUploadFailed",
            kind: "RECOVERABLE",
            origin: dialect === "ours" ? "USER" : "UNKNOWN",
            names: ["n"],
          },
        },
      },
    }),
  }),
  // Files as the store.
  sidecarCase("outputs go to files where those are the store", ["73", "74"], {
    types: { n: simple("INTEGER"), f: fileOutput, d: folderOutput },
    left: { n: "7", f: "1", ...tree },
    store: "files",
  }),
  sidecarCase("a missing output is reported in files where those are the store", ["79"], {
    types: { n: simple("INTEGER") },
    store: "files",
  }),
];
