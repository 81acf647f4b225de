import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { fromPlain, type PlainLiteral } from "@flyte-dataplane/core";
import { ArtifactVersionIdSchema } from "@flyte-dataplane/proto/flyteidl2/core/artifact_id";
import { LiteralTypeSchema, SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { describe, expect, it } from "vitest";
import { readLiterals, readPlain, readTree } from "./documents.ts";
import { dict, integer, list, staged, stageFrom, text } from "./download-run.ts";
import { inFolder } from "./program.ts";

const at = (seconds: bigint, nanos = 0): { seconds: bigint; nanos: number } => ({ seconds, nanos });

const primitives: readonly { name: string; literal: PlainLiteral; content: string }[] = [
  { name: "an integer", literal: integer(42n), content: "42" },
  { name: "a whole float", literal: { kind: "float", value: 1 }, content: "1" },
  { name: "a large float", literal: { kind: "float", value: 1e21 }, content: "1000000000000000000000" },
  { name: "a small float", literal: { kind: "float", value: 1e-7 }, content: "0.0000001" },
  { name: "negative zero", literal: { kind: "float", value: -0 }, content: "-0" },
  { name: "no number", literal: { kind: "float", value: Number.NaN }, content: "NaN" },
  { name: "infinity", literal: { kind: "float", value: Number.POSITIVE_INFINITY }, content: "+Inf" },
  { name: "a boolean", literal: { kind: "boolean", value: false }, content: "false" },
  { name: "text with newlines", literal: text(" é\n\n"), content: " é\n\n" },
  {
    name: "a datetime",
    literal: { kind: "datetime", value: at(1700000000n, 120000000) },
    content: "2023-11-14T22:13:20.12Z",
  },
  { name: "a duration", literal: { kind: "duration", value: at(3723n, 4) }, content: "1h2m3.000000004s" },
  { name: "a negative duration", literal: { kind: "duration", value: at(-90n) }, content: "-1m30s" },
  { name: "a microsecond and a half", literal: { kind: "duration", value: at(0n, 1500) }, content: "1.5µs" },
];

describe("download of values", () => {
  it("primitives become files of just their text [copilot 28]", async () => {
    const inputs = Object.fromEntries(primitives.map(({ literal }, index) => [`p${index}`, literal]));
    await staged(
      () => inputs,
      [],
      async ({ status, local }) => {
        expect(status).toBe(0);
        for (const [index, { name, content }] of primitives.entries()) {
          expect(await readFile(path.join(local, `p${index}`), "utf8"), name).toBe(content);
        }
      },
    );
  });

  it("the ends of int64 survive in file, JSON and message [copilot 29]", async () => {
    const inputs = { low: integer(-(2n ** 63n)), high: integer(2n ** 63n - 1n) };
    await staged(
      () => inputs,
      [],
      async ({ local }) => {
        const tree = await readTree(local);
        expect(tree["low"]).toBe("-9223372036854775808");
        expect(tree["high"]).toBe("9223372036854775807");
        expect(tree["inputs.json"]).toBe('{"high":9223372036854775807,"low":-9223372036854775808}');
        expect(await readPlain(path.join(local, "inputs.pb"))).toEqual(inputs);
      },
    );
  });

  it("a none and a primitive without value become the file `null` [copilot 30]", async () => {
    await staged(
      () => ({ none: { kind: "none" }, unset: { kind: "no-primitive" } }),
      [],
      async ({ local }) => {
        const tree = await readTree(local);
        expect(tree).toMatchObject({ none: "null", unset: "null", "inputs.json": '{"none":null,"unset":null}' });
      },
    );
  });

  it("a binary becomes a file of exactly its bytes [copilot 31]", async () => {
    const bytes = Uint8Array.of(32, 0, 255, 10, 128, 13, 10);
    await staged(
      () => ({ b: { kind: "binary", bytes, tag: "msgpack" } }),
      [],
      async ({ local }) => {
        expect(new Uint8Array(await readFile(path.join(local, "b")))).toEqual(bytes);
      },
    );
  });

  it("an error becomes a file of its message [copilot 32]", async () => {
    await staged(
      () => ({ e: { kind: "error", message: "it <broke>", failedNodeId: "n" } }),
      [],
      async ({ local }) => {
        expect((await readTree(local))["e"]).toBe("it <broke>");
      },
    );
  });

  it("a struct becomes compact JSON with sorted keys and escapes [copilot 33]", async () => {
    await staged(
      () => ({ s: { kind: "struct", value: { z: [1, null, {}], a: "<&>", é: 1e21 } } }),
      [],
      async ({ local }) => {
        expect((await readTree(local))["s"]).toBe('{"a":"\\u003c\\u0026\\u003e","z":[1,null,{}],"é":1e+21}');
      },
    );
  });

  it("a union is staged as its value, and the message keeps union and type [copilot 34]", async () => {
    const type = create(LiteralTypeSchema, { type: { case: "simple", value: SimpleType.STRING } });
    await staged(
      () => ({ u: { kind: "union", value: text("inner"), type } }),
      [],
      async ({ local }) => {
        expect(await readTree(local)).toMatchObject({ u: "inner", "inputs.json": '{"u":"inner"}' });
        expect(await readPlain(path.join(local, "inputs.pb"))).toEqual({
          u: { kind: "union", value: text("inner"), type },
        });
      },
    );
  });

  it("a list becomes a folder of numbered files, an empty one an empty folder [copilot 35]", async () => {
    await staged(
      () => ({ l: list(text("a"), text("b")), empty: list() }),
      [],
      async ({ local }) => {
        expect(await readTree(local)).toMatchObject({
          "l/0": "a",
          "l/1": "b",
          "empty/": "",
          "inputs.json": '{"empty":[],"l":["a","b"]}',
        });
      },
    );
  });

  it("a map becomes a folder with one file per key, an empty one `{}` [copilot 36]", async () => {
    await staged(
      () => ({ m: dict({ one: integer(1n), two: integer(2n) }), empty: dict({}) }),
      [],
      async ({ local }) => {
        expect(await readTree(local)).toMatchObject({
          "m/one": "1",
          "m/two": "2",
          "empty/": "",
          "inputs.json": '{"empty":{},"m":{"one":1,"two":2}}',
        });
      },
    );
  });

  it("lists and maps within one another become folders within folders [copilot 37]", async () => {
    await staged(
      () => ({ d: list(dict({ k: list(list(text("deep"))) })) }),
      [],
      async ({ local }) => {
        expect(await readTree(local)).toMatchObject({ "d/0/k/0/0": "deep", "inputs.json": '{"d":[{"k":[["deep"]]}]}' });
      },
    );
  });

  it("a list of named literals with context is staged as the map is [copilot 27]", async () => {
    await inFolder(async (folder) => {
      const literals = [{ name: "x", value: fromPlain(text("one")) }];
      const message = create(InputsSchema, { literals, context: [{ key: "k", value: "v" }] });
      await mkdir(path.join(folder, "run"), { recursive: true });
      const remote = path.join(folder, "run", "inputs.pb");
      await writeFile(remote, toBinary(InputsSchema, message));
      const { status, local } = await stageFrom(folder, remote);
      expect(status).toBe(0);
      expect(await readTree(local)).toMatchObject({ x: "one", "inputs.json": '{"x":"one"}' });
    });
  });

  it("no inputs at all give an empty message and an empty object [copilot B31]", async () => {
    await staged(
      () => ({}),
      [],
      async ({ status, local }) => {
        expect(status).toBe(0);
        expect(await readTree(local)).toEqual({ "inputs.pb": "", "inputs.json": "{}" });
      },
    );
  });

  it("hash, metadata and artifact of a literal stay in the message [copilot B33]", async () => {
    const artifactId = create(ArtifactVersionIdSchema, { version: "v7" });
    const literal = { ...fromPlain(text("x")), hash: "h1", metadata: { m: "v" }, artifactId };
    await staged(
      () => ({ x: literal }),
      [],
      async ({ local }) => {
        expect(await readLiterals(path.join(local, "inputs.pb"))).toMatchObject({
          x: { hash: "h1", metadata: { m: "v" }, artifactId: { version: "v7" } },
        });
      },
    );
  });
});
