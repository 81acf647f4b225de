/** Outputs that are missing, of another kind than declared, no files, or called like a file of the protocol. Items 79, 80, B5, B7, B25, B38 to B40. */
import type { Case } from "../case.ts";
import { documents } from "../model/predict-download.ts";
import { uploadFails } from "../model/predict-upload.ts";
import { ours } from "./download-case.ts";
import { fileOutput, folderOutput, sidecarCase, simple } from "./sidecar-case.ts";

export const refusedOutputCases: readonly Case[] = [
  // What is missing, or cannot be.
  ...[simple("INTEGER"), fileOutput, folderOutput].map((type) =>
    sidecarCase(
      `a missing output of ${type.is} ${"type" in type ? type.type : ""} is named`.replace(/ +/g, " "),
      ["79", "B5"],
      {
        types: { there: simple("STRING"), gone: type },
        left: { there: "x" },
      },
    ),
  ),
  sidecarCase("every output that fails is named", ["B7"], {
    types: { a: simple("INTEGER"), b: fileOutput, c: simple("STRING") },
    left: { a: "seven", c: "x" },
  }),
  sidecarCase("a folder that the task never made is missing outputs", ["79"], {
    types: { a: simple("INTEGER") },
    flags: ({ work }) => ["--from-local-dir", `${work}/nowhere`],
    expect: ({ dialect }) => uploadFails(dialect, { names: ["a"], origin: "USER" }),
  }),
  sidecarCase("a type that is declared as none is named", ["80"], {
    types: { u: { is: "undeclared" } },
    left: { u: "x" },
  }),
  // Declared and left.
  sidecarCase(
    "a declared format stays",
    ["B25"],
    { types: { f: { is: "file", format: "csv" } }, left: { f: "1" } },
    ours,
  ),
  sidecarCase(
    "a declared format of a folder stays",
    ["B25"],
    {
      types: { d: { is: "folder", format: "parquet" } },
      left: { "d/x": "1" },
    },
    ours,
  ),
  sidecarCase(
    "a folder in place of a declared file fails",
    ["B25"],
    { types: { f: fileOutput }, left: { "f/x": "1" } },
    ours,
  ),
  sidecarCase(
    "a file in place of a declared folder fails",
    ["B25"],
    { types: { d: folderOutput }, left: { d: "1" } },
    ours,
  ),
  // Links and other things that are no files.
  sidecarCase("a link to a file of the folder is that file", ["B39"], {
    types: { f: fileOutput },
    left: { real: "content", f: { link: "real" } },
  }),
  sidecarCase(
    "a link to a folder of the folder is that folder",
    ["B39"],
    {
      types: { d: folderOutput },
      left: { "real/x": "1", d: { link: "real" } },
    },
    ours,
  ),
  ...[
    ["of the output itself", { f: { link: "../secret" } }, fileOutput],
    ["below it", { "f/x": "1", "f/out": { link: "../../secret" } }, folderOutput],
    ["by an absolute path", { f: { link: "/etc/hostname" } }, fileOutput],
    ["to a folder elsewhere", { f: { link: "../elsewhere" } }, folderOutput],
    ["to nothing", { f: { link: "nowhere" } }, fileOutput],
  ].map(([name, left, type]) =>
    sidecarCase(
      `a link out of the folder ${name as string} is refused, nothing of it is stored`,
      ["B39"],
      {
        types: { f: type as typeof fileOutput },
        left: left as Readonly<Record<string, string>>,
        files: () => ({ secret: "SECRET", "elsewhere/x": "SECRET" }),
        expect: ({ dialect }) => ({
          ...uploadFails(dialect, { names: ["f"], silent: ["SECRET"] }),
          requests: { "PUT raw/f": 0, "PUT raw/f/out": 0 },
        }),
      },
      ours,
    ),
  ),
  sidecarCase(
    "a pipe in place of a file is refused at once",
    ["B39"],
    { types: { f: fileOutput }, left: { f: { fifo: true } } },
    ours,
  ),
  sidecarCase(
    "a pipe in place of a simple value is refused at once",
    ["B39"],
    {
      types: { f: simple("STRING") },
      left: { f: { fifo: true } },
    },
    ours,
  ),
  sidecarCase(
    "a pipe in a folder is refused at once",
    ["B39"],
    {
      types: { d: folderOutput },
      left: { "d/x": "1", "d/pipe": { fifo: true } },
    },
    ours,
  ),
  // Names that are taken.
  ...["outputs.pb", "error.pb", "errors.pb", "_ERROR"].map((name) =>
    sidecarCase(
      `an output called ${name} does not overwrite the file of that name`,
      ["B40"],
      {
        types: { [name]: fileOutput, fine: simple("STRING") },
        left: { ...(name !== "_ERROR" && { [name]: "mine" }), fine: "x" },
        flags: ({ base }) => ["--to-raw-output", `${base}/out`],
        expect: ({ dialect }) => ({
          status: 0,
          remote: {
            whole: true,
            entries: documents(dialect, { code: "OutputUploadFailed", names: [name], origin: "USER" }),
          },
        }),
      },
      ours,
    ),
  ),
  ...["..", "../x", "a/b", "."].map((name) =>
    sidecarCase(
      `an output called ${name} is refused`,
      ["B38"],
      {
        types: { [name]: fileOutput },
        left: { x: "1", "a/b": "2" },
        files: () => ({ x: "outside" }),
        expect: ({ dialect }) => ({
          status: 0,
          remote: {
            whole: true,
            entries: documents(dialect, { code: "OutputUploadFailed", names: [name], origin: "USER" }),
          },
        }),
      },
      ours,
    ),
  ),
];
