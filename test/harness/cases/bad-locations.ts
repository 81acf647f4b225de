/** Locations, listings and names that somebody made to harm, or that no store should give. Items B7, B8, B38, B40. */
import { Buffer } from "node:buffer";
import type { Case, Expected, FaultSpec, World } from "../case.ts";
import { documents } from "../model/predict-download.ts";
import { binary, folder, text, type Value } from "../value.ts";
import { downloadCase, ours } from "./download-case.ts";

const always = Number.POSITIVE_INFINITY;

/** The variable is named, and what is staged is none of what is kept from it. */
const refused =
  (silent: readonly string[] = []) =>
  ({ dialect }: World): Expected => ({
    status: 0,
    local: { whole: false, entries: {}, lacks: ["x", "inputs.pb", "inputs.json"] },
    remote: { whole: true, entries: documents(dialect, { code: "InputDownloadFailed", names: ["x"], silent }) },
    stderr: { lacks: silent },
  });

const at = (is: "file" | "folder", uri: string): Value => ({ is, at: { uri }, format: "" });

const locations: readonly (readonly [string, Value])[] = [
  ["of no letters", at("file", "")],
  ["of blanks", at("file", "  ")],
  ["without a scheme", at("file", "relative/path")],
  ["of a scheme without a driver", at("file", "ftp://host/x")],
  ["that names a bucket alone", at("file", "s3://")],
  ["with a broken escape", at("file", "{base}/data/100%")],
  ["with a NUL", at("file", "{base}/data/a\0b")],
  ["that climbs", at("file", "{base}/data/../../x")],
  ["of a folder on the web", at("folder", "http://127.0.0.1:1/d")],
];

/** Files of the container that runs the program: its credentials may lie there. */
const ownFiles: readonly (readonly [string, Value])[] = [
  ["a path", at("file", "/etc/hostname")],
  ["a file's address", at("file", "file:///etc/hostname")],
  ["a folder's path", at("folder", "/etc")],
  ["an offloaded literal's path", { is: "reference", at: { uri: "/etc/hostname" } }],
];

/** A page of a listing, as a store might give it. */
const listing =
  (keys: readonly string[]) =>
  ({ base, store }: World): readonly FaultSpec[] => {
    const prefix = `${base.slice(`s3://${store.bucket}/`.length)}/data/d/`;
    const contents = keys.map((key) => `<Contents><Key>${prefix}${key}</Key><Size>1</Size><ETag>"0"</ETag></Contents>`);
    const body = `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>${keys.length}</KeyCount>${contents.join("")}</ListBucketResult>`;
    const headers = { "content-type": "application/xml" };
    return [{ key: "?list", effect: { kind: "answer", status: 200, headers, body }, times: always }];
  };

export const badLocationCases: readonly Case[] = [
  ...locations.map(([name, value]) =>
    downloadCase(
      `a location ${name} is told with its variable`,
      ["B7"],
      { inputs: { x: value, fine: text("y") }, expect: refused() },
      ours,
    ),
  ),
  ...ownFiles.map(([name, value]) =>
    downloadCase(
      `${name} of the program's own container is no input`,
      [],
      {
        inputs: { x: value },
        expect: ({ dialect }) => ({
          status: 0,
          local: { whole: false, entries: {}, lacks: ["x", "inputs.pb", "inputs.json"] },
          remote: { whole: true, entries: documents(dialect, { code: "InputDownloadFailed" }) },
        }),
      },
      ours,
    ),
  ),
  downloadCase(
    "a web address shows neither its user's password nor its query",
    ["B8"],
    {
      inputs: { x: at("file", "http://user:HIDDEN1@127.0.0.1:1/f?signature=HIDDEN2") },
      flags: ["--timeout", "2s"],
      expect: ({ dialect }) => ({
        status: 0,
        remote: {
          whole: true,
          entries: documents(dialect, { code: "InputDownloadFailed", silent: ["HIDDEN1", "HIDDEN2"] }),
        },
        stderr: { lacks: ["HIDDEN1", "HIDDEN2"] },
      }),
    },
    ours,
  ),
  ...(
    [
      ["climbs out of it", ["a", "../../../escaped"]],
      ["goes through itself", ["./a"]],
      ["names its parent", ["a/../../b"]],
    ] as const
  ).map(([name, keys]) =>
    downloadCase(
      `a folder whose listing ${name} is refused before any byte is written`,
      ["B38"],
      {
        inputs: { x: folder("data/d"), fine: text("y") },
        faults: listing(keys),
        expect: (world) => ({ ...refused()(world), local: { whole: true, entries: {} } }),
      },
      ours,
    ),
  ),
  downloadCase(
    "an input called like the decoded form of another is not overwritten",
    ["B40"],
    {
      inputs: { x: binary(Buffer.from("a178", "hex")), "x.json": text("mine") },
      flags: ["--copilot.decode-msgpack"],
      expect: ({ dialect }) => ({
        status: 0,
        local: { whole: false, entries: {}, lacks: ["inputs.pb", "inputs.json"] },
        remote: { whole: true, entries: documents(dialect, { code: "InputDownloadFailed" }) },
      }),
    },
    ours,
  ),
];
