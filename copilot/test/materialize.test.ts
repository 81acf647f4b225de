import { Buffer } from "node:buffer";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { toBinary } from "@bufbuild/protobuf";
import { type Clock, fromPlain, type PlainLiteral } from "@flyte-dataplane/core";
import { LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { createStores, type Stores } from "@flyte-dataplane/storage";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { layOut } from "../src/download/layout.ts";
import { materialize } from "../src/download/materialize.ts";
import { Tally } from "../src/tally.ts";
import { readTree } from "./documents.ts";
import { directory, file, list, text } from "./download-run.ts";
import { inFolder } from "./program.ts";

// Keys that files cannot have: the store is the one in memory, whose keys are any text, as those of object stores are.
const clock: Clock = { now: () => 0, sleep: () => Promise.reject(new Error("nothing here sleeps")) };
let stores: Stores;

beforeEach(() => {
  stores = createStores({ clock });
});

afterEach(async () => {
  await stores.close();
});

async function store(objects: Readonly<Record<string, string>>): Promise<void> {
  const bucket = await stores.bucket({ scheme: "mem", bucket: "b", key: "" });
  for (const [key, content] of Object.entries(objects)) await bucket.write(key, Buffer.from(content));
}

async function stageInto(folder: string, inputs: Readonly<Record<string, PlainLiteral>>): Promise<Tally> {
  const literal = (name: string): Uint8Array => toBinary(LiteralSchema, fromPlain(inputs[name] ?? { kind: "none" }));
  const source = { names: Object.keys(inputs), literal };
  const layout = layOut(source, { folder, namedFolders: false, remoteBlobs: false });
  const tally = new Tally(false);
  await materialize(layout, {
    folder,
    stores,
    clock,
    tally,
    maxBytes: Number.POSITIVE_INFINITY,
    writeTexts: () => Promise.resolve(),
  });
  return tally;
}

describe("folders of an object store", () => {
  it("bring no neighbours, become folders where marked, and are there when empty [copilot B34]", async () => {
    await store({ "dir/a": "1", "dir/sub/": "", "dir/sub/deeper/": "", "dir/": "", "dir2/b": "2", dir: "3" });
    await inFolder(async (folder) => {
      await stageInto(folder, { d: directory("mem://b/dir"), e: directory("mem://b/none") });
      expect(await readTree(folder)).toEqual({ "d/a": "1", "d/sub/deeper/": "", "e/": "" });
    });
  });

  it.each(["dir/../../escape", "dir/..", "dir/a//b", "dir/./x", "dir/sub/../../../x"])(
    "with the object %s are refused by its name before any byte is written [copilot B38]",
    async (key) => {
      await store({ "dir/fine": "1", [key]: "2" });
      await inFolder(async (folder) => {
        const staging = stageInto(path.join(folder, "in"), { s: text("x"), d: directory("mem://b/dir") });
        await expect(staging).rejects.toMatchObject({
          code: "invalid_argument",
          message: expect.stringContaining(key) as string,
        });
        expect(await readdir(folder)).toEqual([]);
      });
    },
  );

  it("hold objects with marks of URIs in their keys, and each is the object named [copilot B59]", async () => {
    await store({ "dir/a#b": "1", "dir/c?d=e": "2", dir: "no", "dir/a": "no", "dir/c": "no" });
    await inFolder(async (folder) => {
      const inputs = { d: directory("mem://b/dir"), l: list(file("mem://b/dir/a#b"), file("mem://b/dir/c?d=e")) };
      expect(await stageInto(folder, inputs)).toMatchObject({ files: 6, bytes: 8 });
      expect(await readTree(folder)).toEqual({
        "d/a#b": "1",
        "d/c?d=e": "2",
        "d/a": "no",
        "d/c": "no",
        "l/0": "1",
        "l/1": "2",
      });
    });
  });
});
