/** Downloads whose inputs are declared, or that are asked for more than the files. Items B27, B29. */
import { Buffer } from "node:buffer";
import { create, toBinary } from "@bufbuild/protobuf";
import { VariableMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import type { Case } from "../case.ts";
import { literalType, type OutputType } from "../output-type.ts";
import { binary, file, list, none, text, union } from "../value.ts";
import { downloadCase, ours } from "./download-case.ts";

const optionalFile: OutputType = {
  is: "union",
  variants: [
    { is: "file", format: "csv" },
    { is: "simple", type: "NONE" },
  ],
};

/** Flags that declare inputs. */
function declared(types: Readonly<Record<string, OutputType>>): readonly string[] {
  const variables = Object.entries(types).map(([key, type]) => ({ key, value: { type: literalType(type) } }));
  const message = toBinary(VariableMapSchema, create(VariableMapSchema, { variables }));
  return ["--input-interface", Buffer.from(message).toString("base64")];
}

const absentFile = { inputs: { x: union(none), s: text("y") }, layout: "NAMED_DIR" } as const;
const listed = { is: "text", text: '{"s":"y","x":null}' } as const;
const nothingReported = { whole: true, entries: {} } as const;

export const declaredInputCases: readonly Case[] = [
  downloadCase(
    "an optional file that is none leaves its place absent",
    ["B29"],
    {
      ...absentFile,
      flags: declared({ x: optionalFile }),
      expect: () => ({
        status: 0,
        local: { whole: false, entries: { s: { is: "text", text: "y" }, "inputs.json": listed }, lacks: ["x"] },
        remote: nothingReported,
      }),
    },
    ours,
  ),
  downloadCase(
    "an optional file that is none leaves an empty folder where that is asked for",
    ["B29"],
    {
      ...absentFile,
      flags: [...declared({ x: optionalFile }), "--copilot.optional-files=EMPTY"],
      expect: () => ({
        status: 0,
        local: { whole: false, entries: { x: { is: "folder" }, "inputs.json": listed } },
        remote: nothingReported,
      }),
    },
    ours,
  ),
  downloadCase(
    "an optional file that is there stands under its own name",
    ["B29"],
    {
      inputs: { x: union(file("data/a.csv")), l: list(union(file("data/a.csv"))) },
      objects: { "data/a.csv": "A" },
      layout: "NAMED_DIR",
      flags: declared({ x: optionalFile, l: { is: "list", of: optionalFile } }),
    },
    ours,
  ),
  downloadCase("declared inputs of other kinds change nothing", ["3"], {
    inputs: { s: text("y") },
    flags: declared({ s: { is: "simple", type: "STRING" }, other: { is: "simple", type: "INTEGER" } }),
  }),
  downloadCase(
    "a binary in msgpack lies beside itself as JSON where that is asked for",
    ["B27"],
    {
      // {"a": 1, "b": [true, nil, "x"]}
      inputs: { x: binary(Buffer.from("82a16101a16293c3c0a178", "hex")) },
      flags: ["--copilot.decode-msgpack"],
      expect: (_world, predicted) => ({
        ...predicted,
        local: {
          whole: true,
          entries: {
            ...predicted.local?.entries,
            "x.json": { is: "text", text: '{"a":1,"b":[true,null,"x"]}' },
          },
        },
      }),
    },
    ours,
  ),
  downloadCase(
    "a binary in msgpack has nothing beside it unless that is asked for",
    ["B27"],
    { inputs: { x: binary(Buffer.from("82a16101a16293c3c0a178", "hex")) } },
    ours,
  ),
];
