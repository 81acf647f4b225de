/** Locations and prefixes as callers write them, by section 2.10, and messages as they may come. */
import { Buffer } from "node:buffer";
import type { Case, World } from "../case.ts";
import { encodeInputs, encodeMap } from "../to-literal.ts";
import { text, type Value } from "../value.ts";
import { downloadCase, ours } from "./download-case.ts";
import { sidecarCase, simple } from "./sidecar-case.ts";
import { fails } from "./told-failure.ts";

const inputs = { x: text("y") };
const nowhere = (): string => "";

const keyOf = ({ base, store }: World): string => base.replace(`s3://${store.bucket}/`, "");

const spellings: readonly (readonly [string, (world: World) => string])[] = [
  ["with two slashes before its key", (world) => `s3://${world.store.bucket}//${keyOf(world)}/in/inputs.pb`],
  ["with a slash at its end", ({ base }) => `${base}/in/inputs.pb/`],
  ["with escapes", ({ base }) => `${base}/in/%69nputs.pb`],
  ["with credentials in it", (world) => `s3://ak:sk@${world.store.bucket}/${keyOf(world)}/in/inputs.pb`],
  ["in capitals but for the bucket", (world) => `S3://${world.store.bucket}/${keyOf(world)}/in/inputs.pb`],
];

/** A field of bytes, as protobuf writes it. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let left = bytes.byteLength; ; left = Math.floor(left / 128)) {
    length.push(left < 128 ? left : (left % 128) + 128);
    if (left < 128) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}

/** A LiteralMap whose variable `x` is the literal of these bytes. */
const mapOf = (literal: Uint8Array): Uint8Array =>
  field(1, Buffer.concat([field(1, Buffer.from("x")), field(2, literal)]));

/** A Struct with one member `k` of these bytes. */
function structWith(value: readonly number[]): Uint8Array {
  const member = Buffer.concat([field(1, Buffer.from("k")), field(2, Uint8Array.from(value))]);
  return mapOf(field(1, field(7, field(1, member))));
}

/** Lists in lists, too many for code that calls itself for each. */
function nestedLists(levels: number): Uint8Array {
  let literal: Uint8Array = field(1, field(1, field(3, Buffer.from("deep"))));
  for (let level = 0; level < levels; level += 1) literal = field(2, field(1, literal));
  return mapOf(literal);
}

const nested = (levels: number): Value =>
  Array.from({ length: levels }).reduce<Value>((value) => ({ is: "list", items: [value] }), text("deep"));

export const locationCases: readonly Case[] = [
  ...spellings.map(([name, uri]) =>
    downloadCase(`a location ${name} is the same object`, [], {
      inputs,
      flags: (world) => ["--from-remote", uri(world)],
    }),
  ),
  downloadCase("an output prefix with a slash at its end is the same prefix", [], {
    inputs: { gone: { is: "file", at: { key: "data/absent" }, format: "" } },
    flags: ({ base }) => ["--to-output-prefix", `${base}/out/`],
  }),
  sidecarCase("prefixes with slashes at their ends are the same prefixes", ["73"], {
    types: { f: { is: "file", format: "" } },
    left: { f: "x" },
    flags: ({ base }) => ["--to-output-prefix", `${base}/out/`, "--to-raw-output", `${base}/raw/`],
  }),
  sidecarCase("simple outputs need no place for data", ["77"], {
    types: { x: simple("INTEGER") },
    left: { x: "7" },
    flags: ["--to-raw-output", ""],
  }),
  sidecarCase(
    "an upload has time where no limit is given",
    ["63"],
    { types: { x: simple("INTEGER") }, left: { x: "7" }, timeLimit: false },
    // The reference's own limit is over when it begins.
    ours,
  ),
  downloadCase("a local store's bucket is a folder, also in the locations of inputs", ["38", "43"], {
    inputs: {
      x: { is: "file", at: { uri: "file://store/data/a b" }, format: "" },
      d: { is: "folder", at: { uri: "file://store/data/d" }, format: "" },
    },
    objects: { "data/a b": "A", "data/d/e/1": "one" },
    store: "files",
    flags: ["--from-remote", "file://store/in/inputs.pb", "--to-output-prefix", "file://store/out"],
    expect: () => ({
      status: 0,
      local: { whole: false, entries: { x: { is: "text", text: "A" }, "d/e/1": { is: "text", text: "one" } } },
      remote: { whole: true, entries: {} },
    }),
  }),
  // Messages.
  downloadCase("of two inputs of one name the last counts, in a map", ["27"], {
    inputs: { x: text("second") },
    message: Buffer.concat([encodeMap({ x: text("first") }, nowhere), encodeMap({ x: text("second") }, nowhere)]),
  }),
  downloadCase("of two inputs of one name the last counts, in a list", ["27"], {
    inputs: { x: text("second") },
    message: Buffer.concat([encodeInputs({ x: text("first") }, nowhere), encodeInputs({ x: text("second") }, nowhere)]),
  }),
  downloadCase("a struct's value of no kind is told with its variable", ["33"], {
    inputs: {},
    message: structWith([]),
    expect: fails(["x"]),
  }),
  downloadCase(
    "a struct's number that is none has a form",
    ["B32", "33"],
    {
      inputs: {},
      message: structWith([0x11, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f]),
      expect: () => ({
        status: 0,
        local: {
          whole: false,
          entries: {
            x: { is: "text", text: '{"k":"NaN"}' },
            "inputs.json": { is: "text", text: '{"x":{"k":"NaN"}}' },
          },
        },
      }),
    },
    ours,
  ),
  downloadCase("a blob of which nothing but its place is known is one file", ["38"], {
    inputs: {},
    objects: { "data/a": "A" },
    message: ({ base }) => mapOf(field(1, field(2, field(3, Buffer.from(`${base}/data/a`))))),
    expect: () => ({ status: 0, local: { whole: false, entries: { x: { is: "text", text: "A" } } } }),
  }),
  downloadCase("lists in lists, twenty deep, are folders in folders", ["37"], { inputs: { x: nested(20) } }),
  downloadCase(
    "literals nested beyond what a message may hold are told of",
    ["B7"],
    {
      inputs: {},
      message: nestedLists(5000),
      expect: fails([]),
    },
    ours,
  ),
  downloadCase("a thousand inputs are staged", ["53"], {
    inputs: Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`v${at}`, text(String(at))])),
  }),
];
