/** Downloads that meet trouble: messages, stores, limits, webs, offloaded literals, signals. */
import type { Case } from "../case.ts";
import { downloadFails } from "../model/predict-download.ts";
import { file, folder, text } from "../value.ts";
import { both, downloadCase, ours } from "./download-case.ts";
import { fails } from "./told-failure.ts";

const always = Number.POSITIVE_INFINITY;

const y = { x: text("y") };
const mebibyte = 1024 * 1024;

export const troubleCases: readonly Case[] = [
  // Messages that are none.
  ...(
    [
      ["truncated", Uint8Array.of(10, 200, 1, 5)],
      ["of another kind", "not a message"],
      ["of a group that never ends", Uint8Array.of(0x0b)],
      ["with a wrong length deep inside", Uint8Array.of(10, 6, 10, 1, 120, 18, 9, 10)],
    ] as const
  ).map(([name, message]) =>
    downloadCase(`an inputs message that is ${name} is reported`, ["25"], {
      inputs: {},
      message,
      expect: fails([], ["inputs.pb"]),
    }),
  ),
  downloadCase("an inputs message that is not there is reported", ["25"], {
    inputs: y,
    flags: ({ base }) => ["--from-remote", `${base}/in/absent.pb`],
    expect: fails([], ["absent.pb"]),
  }),
  // What is missing or wrong on the command line.
  ...(
    [
      ["no local folder", ["--to-local-dir", ""]],
      ["no inputs message", ["--from-remote", ""]],
      ["a format in small letters", ["--format", "json"]],
      ["an unknown layout", ["--file-input-layout", "FLAT"]],
      ["an unknown mode", ["--download-mode", "LAZY"]],
    ] as const
  ).map(([name, flags]) =>
    downloadCase(`a download with ${name} is reported and exits 0`, ["25"], { inputs: y, flags, expect: fails([]) }),
  ),
  downloadCase(
    "mode DOWNLOAD_STREAM is refused, not ignored",
    ["B51"],
    {
      inputs: y,
      flags: ["--download-mode", "DOWNLOAD_STREAM"],
      expect: fails([], ["DOWNLOAD_STREAM"]),
    },
    ours,
  ),
  downloadCase("a download without an output prefix exits 1 and writes nothing at the store", ["24"], {
    inputs: y,
    flags: ["--to-output-prefix", ""],
    expect: () => ({ status: 1, remote: { whole: true, entries: {} }, local: { whole: true, entries: {} } }),
  }),
  downloadCase("a report goes under the name that was asked for, and no other", ["78"], {
    inputs: { gone: file("data/absent") },
    flags: ["--err-output-name", "mine.pb"],
    documents: { "mine.pb": "error" },
    expect: ({ dialect }) => ({
      ...downloadFails(dialect, ["gone"]),
      remote: {
        whole: true,
        entries: {
          "out/mine.pb": {
            is: "error like",
            code: "InputDownloadFailed",
            kind: "RECOVERABLE",
            origin: dialect === "ours" ? "any" : "UNKNOWN",
            names: ["gone"],
          },
        },
      },
    }),
  }),
  downloadCase(
    "strict exit ends a failed download with 1 and its cause on the last line",
    ["B3"],
    {
      inputs: { gone: file("data/absent") },
      flags: ["--strict-exit"],
      expect: (world) => ({ ...fails(["gone"], ["absent"])(world), status: 1 }),
    },
    ours,
  ),
  downloadCase(
    "reports of an earlier pod are gone once a download has worked",
    ["B2"],
    {
      inputs: y,
      objects: { "out/error.pb": "stale", "out/errors.pb": "stale" },
      expect: (_world, predicted) => ({
        ...predicted,
        remote: { whole: true, entries: { "out/error.pb": null, "out/errors.pb": null } },
      }),
    },
    ours,
  ),
  downloadCase("a report replaces one of an earlier pod", ["83"], {
    inputs: { gone: file("data/absent") },
    objects: { "out/errors.pb": "stale" },
  }),
  downloadCase(
    "a hundred failed variables are told in a bounded message",
    ["B7"],
    {
      inputs: Object.fromEntries(
        Array.from({ length: 100 }, (_, at) => [`v${at}`, file(`data/absent/${"x".repeat(300)}/${at}`)]),
      ),
      expect: ({ dialect }) => downloadFails(dialect, [], { mostBytes: 16_384 }),
    },
    ours,
  ),
  // Limits.
  downloadCase("an object of one byte more than the limit is refused", ["21"], {
    inputs: { over: file("data/over") },
    objects: { "data/over": new Uint8Array(mebibyte + 1) },
    words: { limit: 1 },
    expect: fails(["over"], ["maxDownloadMBs"]),
  }),
  downloadCase("an object of just the limit is accepted", ["21"], {
    inputs: { fits: file("data/fits") },
    objects: { "data/fits": new Uint8Array(mebibyte) },
    words: { limit: 1 },
  }),
  downloadCase("a member of a folder beyond the limit is refused", ["21"], {
    inputs: { d: folder("data/d") },
    objects: { "data/d/over": new Uint8Array(mebibyte + 1), "data/d/fits": "x" },
    words: { limit: 1 },
    expect: fails(["d"], ["maxDownloadMBs"]),
  }),
  downloadCase("a time limit of a second ends a download whose store says nothing", ["57"], {
    inputs: { slow: file("data/slow") },
    objects: { "data/slow": "x" },
    flags: ["--timeout", "1s"],
    faults: [{ key: "/data/slow", effect: { kind: "stall-request", afterBytes: 0 }, times: always }],
    expect: fails([], ["time limit"]),
  }),
  downloadCase(
    "the time limit holds for the inputs message too",
    ["B55"],
    {
      inputs: y,
      flags: ["--timeout", "1s"],
      faults: [{ key: "/in/inputs.pb", effect: { kind: "stall-request", afterBytes: 0 }, times: always }],
      expect: fails([], ["time limit"]),
    },
    ours,
  ),
  downloadCase("a time limit of 0 is none", ["57"], { inputs: y, flags: ["--timeout", "0"] }),
  downloadCase("a time limit in Go's form is read", ["3"], { inputs: y, flags: ["-t", "1h2m3.5s"] }),
  // Signals.
  downloadCase("SIGTERM during a download ends it without a report", [], {
    inputs: { x: file("data/x") },
    objects: { "data/x": "x" },
    signals: { at: "request", key: "/data/x", stall: true },
    expect: () => ({
      status: 143,
      remote: { whole: true, entries: {} },
      local: { whole: false, entries: {}, lacks: ["x", "inputs.pb", "inputs.json"] },
    }),
  }),
  // Logs.
  downloadCase(
    "log lines are JSON with level, msg and ts",
    ["23"],
    {
      inputs: y,
      expect: (_world, predicted) => ({ ...predicted, stdout: { matches: "^$" }, logs: "json lines" }),
    },
    ours,
  ),
  downloadCase(
    "level 2 prints no line of a download that works",
    ["23"],
    {
      inputs: y,
      words: { logLevel: 2 },
      expect: (_world, predicted) => ({ ...predicted, logs: "nothing" }),
    },
    both,
  ),
];
