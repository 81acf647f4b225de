import path from "node:path";
import { type PlainLiteral } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { readTree, writeTree } from "./documents.ts";
import { dict, file, integer, list, stage, staged, text, union } from "./download-run.ts";
import { inFolder } from "./program.ts";

const at = (seconds: bigint, nanos = 0): { seconds: bigint; nanos: number } => ({ seconds, nanos });

describe("files that describe all inputs", () => {
  it("JSON has durations in nanoseconds, datetimes as text, binaries in base64, files and tables as paths [copilot 52,53]", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { a: "A", "table/0": "rows" });
      const inputs = {
        s: { kind: "schema", uri: `${folder}/data/table`, type: undefined },
        d: { kind: "duration", value: at(90n, 500_000_000) },
        t: { kind: "datetime", value: at(0n, 1000) },
        b: { kind: "binary", bytes: Uint8Array.of(255, 254), tag: "" },
        f: file(`${folder}/data/a`),
      } as const;
      const { local } = await stage(folder, inputs);
      expect((await readTree(local))["inputs.json"]).toBe(
        `{"b":"//4=","d":90500000000,"f":"${local}/f","s":"${local}/s","t":"1970-01-01T00:00:00.000001Z"}`,
      );
    });
  });

  it("JSON sorts keys by their bytes and has every kind of value in its own form [copilot 53]", async () => {
    const inputs = {
      "\u{1F600}": integer(1n),
      "\uFFFD": text("\u2028<b>\u007f\n"),
      a10: { kind: "float", value: 1e21 },
      a2: { kind: "float", value: -0 },
      e: { kind: "error", message: "m", failedNodeId: "" },
      g: { kind: "struct", value: { z: 1e-7, a: [true, null] } },
      h: { kind: "boolean", value: true },
      i: { kind: "none" },
      j: { kind: "datetime", value: at(1700000000n, 1) },
      k: { kind: "duration", value: at(-1n, -500_000_000) },
      l: { kind: "binary", bytes: new Uint8Array(0), tag: "" },
      m: dict({
        "\u{1F600}": integer(2n),
        "\uFFFD": integer(1n),
        b: union(integer(2n ** 53n + 1n)),
        a: list(integer(-1n)),
      }),
      n: list({ kind: "float", value: 1 }, { kind: "float", value: 1e20 }, { kind: "float", value: 0.000001 }),
    } satisfies Record<string, PlainLiteral>;
    await staged(
      () => inputs,
      [],
      async ({ local }) => {
        expect((await readTree(local))["inputs.json"]).toBe(
          '{"a10":1e+21,"a2":-0,"e":"m","g":{"a":[true,null],"z":1e-7},"h":true,"i":null,"j":"2023-11-14T22:13:20.000000001Z","k":-1500000000,"l":"","m":{"a":[-1],"b":9007199254740993,"\uFFFD":1,"\u{1F600}":2},"n":[1,100000000000000000000,0.000001],"\uFFFD":"\\u2028\\u003cb\\u003e\u007f\\n","\u{1F600}":1}',
        );
      },
    );
  });

  it("what JSON has no number for has a form and fails nothing [copilot B32]", async () => {
    const inputs = {
      nan: { kind: "float", value: Number.NaN },
      inf: { kind: "float", value: Number.NEGATIVE_INFINITY },
      far: { kind: "datetime", value: at(253402300800n) },
    } as const;
    for (const [format, name, expected] of [
      ["JSON", "inputs.json", '{"far":"10000-01-01T00:00:00Z","inf":"-Infinity","nan":"NaN"}'],
      ["YAML", "inputs.yaml", '"far": "10000-01-01T00:00:00Z"\n"inf": "-Infinity"\n"nan": "NaN"\n'],
    ] as const) {
      await staged(
        () => inputs,
        ["--format", format],
        async ({ status, local }) => {
          expect(status).toBe(0);
          expect((await readTree(local))[name]).toBe(expected);
        },
      );
    }
  });

  it.each(["JSON", "YAML", "PROTO"])(
    "inputs.pb is there with %s, and PROTO has no other list [copilot 51]",
    async (format) => {
      await staged(
        () => ({ x: text("y") }),
        ["--format", format],
        async ({ local }) => {
          const names = Object.keys(await readTree(local)).filter((name) => name.startsWith("inputs."));
          const expected = {
            JSON: ["inputs.json", "inputs.pb"],
            YAML: ["inputs.pb", "inputs.yaml"],
            PROTO: ["inputs.pb"],
          }[format];
          expect(names.sort()).toEqual(expected);
        },
      );
    },
  );

  it("none of them is written when a variable fails [copilot 55]", async () => {
    await staged(
      (folder) => ({ x: text("y"), gone: file(`${folder}/absent`) }),
      [],
      async ({ local }) => {
        expect(Object.keys(await readTree(local)).filter((name) => name.startsWith("inputs."))).toEqual([]);
      },
    );
  });
});
