/** The sidecar's life: signals, reports, its own options, the task's own error. Items 59 to 67, 81 to 83, B4 to B17, B56. */
import { Buffer } from "node:buffer";
import type { Case, Dialect, Expected } from "../case.ts";
import { documents } from "../model/predict-download.ts";
import { uploadFails } from "../model/predict-upload.ts";
import { ours } from "./download-case.ts";
import { declare, fileOutput, folderOutput, sidecarCase, simple } from "./sidecar-case.ts";

const always = Number.POSITIVE_INFINITY;
const types = { x: simple("STRING") };
const left = { x: "1" };
const mebibyte = "e".repeat(1024 * 1024);

const nothing = (): Expected => ({ status: 0, remote: { whole: true, entries: {} } });
const failing = ({ dialect }: { readonly dialect: Dialect }): Expected => uploadFails(dialect, {});

/** What a task says of its own failure, plain or as JSON. */
const ownErrors: readonly (readonly [string, string | Uint8Array])[] = [
  ["a line", "it broke\n"],
  ["text with blanks at its ends", "  it broke \n\n"],
  ["nothing", ""],
  ["many lines", "one\ntwo\r\nthree"],
  ["text of other letters", "é 日本 \u{1F600}"],
  ["what is nearly JSON", "{not json"],
  ["JSON without a message", '{"code":"X"}'],
  ["JSON that is a list", '["message"]'],
];

const declaredErrors: readonly (readonly [string, string])[] = [
  ["a message", '{"message":"no such column"}'],
  ["code and message", '{"code":"BadInput","message":"no such column"}'],
  ["a permanent failure", '{"code":"BadInput","message":"no such column","recoverable":false}'],
  ["a failure that may pass", '{"message":"m","recoverable":true}'],
];

export const sidecarLifeCases: readonly Case[] = [
  sidecarCase("what the task left by the signal is published", ["60"], {
    types: { x: simple("INTEGER"), f: fileOutput },
    signals: { at: "waiting", leaves: { "left/x": "7", "left/f.csv": "a" } },
  }),
  sidecarCase("nothing is written before the signal, whatever lies there", ["60"], {
    types,
    left: { x: "early" },
    signals: { at: "waiting", leaves: { "left/x": "late" } },
  }),
  sidecarCase("a task that failed before the signal is reported after it", ["60", "65"], {
    types,
    signals: { at: "waiting", leaves: { "left/_ERROR": "it broke" } },
  }),
  sidecarCase(
    "a second SIGTERM during the upload does not stop it",
    ["B11"],
    {
      types: { d: folderOutput },
      left: { "d/1": "x", "d/2": "y", "d/3": "z" },
      signals: { at: "waiting-and-request", key: "/raw/d/2" },
    },
    ours,
  ),
  sidecarCase("a watcher of noop begins at once", ["61"], { types, left }),
  sidecarCase("an unknown watcher is reported", ["61"], {
    types,
    left,
    flags: ["--start-watcher-type", "file"],
    expect: failing,
  }),
  ...["signal", "noop"].map((type) =>
    sidecarCase(`an exit watcher of ${type} changes nothing`, ["62"], {
      types,
      left,
      flags: ["--exit-watcher-type", type],
    }),
  ),
  sidecarCase("of two time limits the later counts, here the one that is none", ["63"], {
    types,
    left,
    flags: ["--timeout", "1ns", "--start-timeout", "1h"],
  }),
  sidecarCase("of two time limits the later counts, here the one that has passed", ["63"], {
    types: { f: fileOutput },
    left: { f: "x" },
    flags: ["--start-timeout", "1h", "--timeout", "1s"],
    faults: [{ key: "/raw/f", effect: { kind: "stall-request", afterBytes: 0 }, times: always }],
    expect: failing,
  }),
  sidecarCase("an interface that is no message is reported", ["64"], {
    types: {},
    declared: "/////w==",
    expect: failing,
  }),
  ...["YQ", "_-8=", "*", "YQ==="].map((declared) =>
    sidecarCase(`an interface of ${declared} exits 1`, ["22"], {
      types,
      left,
      declared,
      expect: () => ({ status: 1, remote: { whole: true, entries: {} } }),
    }),
  ),
  sidecarCase("blanks around an interface do not matter", ["3"], { types, left, declared: ` ${declare(types)}\n` }),
  sidecarCase("an interface without outputs writes nothing", ["59"], { types: {}, expect: nothing }),
  sidecarCase("an empty interface writes nothing", ["59"], { types: {}, declared: "", expect: nothing }),
  sidecarCase("an error of a task without outputs is not looked at", ["59"], {
    types: {},
    left: { _ERROR: "it broke" },
    expect: nothing,
  }),
  // The task's own error.
  ...ownErrors.map(([name, said]) =>
    sidecarCase(`an error of ${name} is the failure, with its text`, ["65"], { types, left: { x: "1", _ERROR: said } }),
  ),
  sidecarCase("an error of a mebibyte is reported in full", ["66"], { types, left: { x: "1", _ERROR: mebibyte } }),
  sidecarCase("an error of one byte more is too large", ["66"], { types, left: { x: "1", _ERROR: `${mebibyte}e` } }),
  sidecarCase("an empty error fails the task all the same", ["66"], { types, left: { x: "1", _ERROR: "" } }),
  sidecarCase("an error that is a folder is a failure", ["67"], {
    types,
    left: { x: "1", "_ERROR/inner": "" },
    expect: failing,
  }),
  sidecarCase("no data is uploaded beside an error", ["65"], {
    types: { d: folderOutput },
    left: { "d/x": "1", _ERROR: "it broke" },
    expect: ({ dialect }) => ({
      status: 0,
      remote: {
        whole: true,
        entries: documents(dialect, { code: "OutputUploadFailed", says: ["User Error: it broke"], origin: "USER" }),
      },
    }),
  }),
  ...declaredErrors.map(([name, said]) =>
    sidecarCase(`an error in JSON with ${name} says so`, ["B6", "B5"], { types, left: { x: "1", _ERROR: said } }, ours),
  ),
  sidecarCase(
    "an error that is not UTF-8 is shown lossily",
    ["B56"],
    {
      types,
      left: { x: "1", _ERROR: Uint8Array.of(0x61, 0xff, 0x62) },
      expect: ({ dialect }) => uploadFails(dialect, { says: ["User Error: a\ufffdb"], origin: "USER" }),
    },
    ours,
  ),
  sidecarCase(
    "an error that is a link out of the folder fails the task without what it leads to",
    ["B39"],
    {
      types,
      left: { x: "1", _ERROR: { link: "../secret" } },
      files: () => ({ secret: "SECRET" }),
      expect: ({ dialect }) => ({ ...uploadFails(dialect, { silent: ["SECRET"] }), stderr: { lacks: ["SECRET"] } }),
    },
    ours,
  ),
  sidecarCase("an error that is a link to a file of the folder is that file", ["65"], {
    types,
    left: { x: "1", why: "it broke", _ERROR: { link: "why" } },
    expect: ({ dialect }) => uploadFails(dialect, { says: ["User Error: it broke"], origin: "USER" }),
  }),
  sidecarCase(
    "an error that is a pipe is a failure at once",
    ["B39"],
    { types, left: { x: "1", _ERROR: { fifo: true } }, expect: failing },
    ours,
  ),
  sidecarCase(
    "an element of a list that is a link out of the folder is refused",
    ["B39"],
    {
      types: { l: { is: "list", of: simple("STRING") } },
      left: { "l/0": "a", "l/1": { link: "../../secret" } },
      files: () => ({ secret: "SECRET" }),
      expect: ({ dialect }) => uploadFails(dialect, { names: ["l"], silent: ["SECRET"] }),
    },
    ours,
  ),
  // Reports.
  sidecarCase(
    "an earlier report of the attempt stays as it is",
    ["B4"],
    {
      types,
      objects: { "out/error.pb": "the cause" },
      expect: nothing,
    },
    ours,
  ),
  sidecarCase(
    "an upload that works removes an earlier report",
    ["B2"],
    {
      types,
      left,
      objects: { "out/error.pb": "stale", "out/errors.pb": "stale" },
      expect: (_world, predicted) => ({
        ...predicted,
        remote: {
          whole: true,
          entries: { ...predicted.remote?.entries, "out/error.pb": null, "out/errors.pb": null },
        },
      }),
    },
    ours,
  ),
  ...([403, 400] as const).map((status) =>
    sidecarCase(
      `data that a store refuses with ${status} are a failure of the system that may pass`,
      ["81", "82", "B5"],
      {
        types: { f: fileOutput },
        left: { f: "x" },
        faults: [{ key: "/raw/f", effect: { kind: "answer", status }, times: always }],
        expect: ({ dialect }) => uploadFails(dialect, { names: ["f"], origin: "SYSTEM" }),
      },
    ),
  ),
  ...([429, 500, 503] as const).map((status) =>
    sidecarCase(
      `data that a store is too busy for once, with ${status}, are sent again`,
      ["B45"],
      {
        types: { f: fileOutput },
        left: { f: "x" },
        faults: [{ key: "/raw/f", effect: { kind: "answer", status } }],
      },
      ours,
    ),
  ),
  ...(["reset-request", "lost-answer"] as const).map((kind) =>
    sidecarCase(
      `data whose way broke off (${kind}) are sent again`,
      ["B45"],
      {
        types: { f: fileOutput },
        left: { f: Buffer.alloc(200_000, "0123456789") },
        faults: [{ key: "/raw/f", effect: kind === "lost-answer" ? { kind } : { kind, afterBytes: 50_000 } }],
      },
      ours,
    ),
  ),
  sidecarCase("a message that cannot be written is a failure, told of", ["81"], {
    types,
    left,
    faults: [{ key: "/out/outputs.pb", effect: { kind: "answer", status: 403 }, times: always }],
    expect: ({ dialect }) => uploadFails(dialect, { origin: "SYSTEM" }),
  }),
  sidecarCase("a report of a sidecar that cannot be written ends with 1", ["58"], {
    types,
    faults: [{ key: "/out/errors.pb", method: "PUT", effect: { kind: "answer", status: 403 }, times: always }],
    expect: () => ({ status: 1, remote: { whole: false, entries: {}, lacks: ["out/errors.pb", "out/outputs.pb"] } }),
  }),
  sidecarCase("a time limit that passes during the upload is told of, and nothing is announced", ["81"], {
    types: { d: folderOutput },
    left: { "d/1": "x", "d/2": "y" },
    flags: ["--timeout", "1s"],
    faults: [{ key: "/raw/d/2", effect: { kind: "stall-request", afterBytes: 0 }, times: always }],
    expect: ({ dialect }) => uploadFails(dialect, dialect === "ours" ? { says: ["time limit"] } : {}),
  }),
  sidecarCase(
    "invalid options are reported once, and the signal is awaited",
    ["B14"],
    {
      types,
      left,
      flags: ["--format", "XML"],
      signals: { at: "waiting" },
      expect: ({ dialect }) => uploadFails(dialect, { says: ["--format"] }),
    },
    ours,
  ),
  sidecarCase(
    "an upload mode that is not there is refused, not ignored",
    ["B51"],
    {
      types,
      left,
      flags: ["--upload-mode", "UPLOAD_EAGER"],
      expect: ({ dialect }) => uploadFails(dialect, { says: ["UPLOAD_EAGER"] }),
    },
    ours,
  ),
  sidecarCase(
    "secrets stand in no message and no log",
    ["B8"],
    {
      types: { f: fileOutput },
      left: { f: "x" },
      words: { logLevel: 5 },
      faults: [{ key: "/raw/f", effect: { kind: "answer", status: 403, body: "<Error/>" }, times: always }],
      expect: (world) => ({
        ...uploadFails(world.dialect, { names: ["f"], silent: [world.store.secretKey] }),
        stderr: { lacks: [world.store.secretKey] },
        stdout: { lacks: [world.store.secretKey] },
      }),
    },
    ours,
  ),
];
