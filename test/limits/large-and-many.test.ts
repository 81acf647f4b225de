import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from "vitest";
import { blob, simple } from "../../copilot/test/documents.ts";
import { type LimitedEnd, startLimited } from "./limited.ts";
import { countTree, fillMarked, fillTree, freeBytes, type TreeShape, withFolder, wrongMarks } from "./local-files.ts";
import { type LimitsStore, missingServer, type ServerName, startLimitsStore } from "./store.ts";

type LiteralInit = MessageInitShape<typeof LiteralSchema>;

const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;
const mostBytes = 100 * mebibyte;

const notConfined = inject("notConfined");

/** Says what it took, which the report keeps, and holds it against the promise. */
async function expectModest({ annotate }: TestContext, what: string, end: LimitedEnd): Promise<void> {
  const peaks = `${(end.peakRssBytes / mebibyte).toFixed(0)} MiB resident, ${(end.peakCgroupBytes / mebibyte).toFixed(0)} MiB charged`;
  await annotate(`${what}: peak ${peaks}, ${end.killedForMemory} killed for memory`);
  expect(end).toMatchObject({ status: 0, killedForMemory: 0 });
  expect(end.peakRssBytes).toBeLessThanOrEqual(mostBytes);
}

const blobLiteral = (uri: string, dimensionality: 0 | 1): LiteralInit => ({
  value: {
    case: "scalar",
    value: { value: { case: "blob", value: { uri, metadata: { type: { dimensionality } } } } },
  },
});

const textLiteral = (text: string): LiteralInit => ({
  value: {
    case: "scalar",
    value: { value: { case: "primitive", value: { value: { case: "stringValue", value: text } } } },
  },
});

const integerLiteral = (value: bigint): LiteralInit => ({
  value: { case: "scalar", value: { value: { case: "primitive", value: { value: { case: "integer", value } } } } },
});

/** Up from one folder, and down again into another; each way in limits of its own. */
async function roundTrip(context: TestContext, store: LimitsStore, shape: TreeShape, attempt: string): Promise<void> {
  await withFolder(async (folder) => {
    await fillTree(path.join(folder, "d"), shape);
    const up = startLimited(store.sidecarWords(attempt, folder, { types: { d: blob(1) } }));
    await expectModest(context, "up", await (await up).ended);
  });
  expect(await store.report(attempt)).toBeUndefined();
  await store.putInputs((await store.outputs(attempt)) ?? {});
  await withFolder(async (folder) => {
    const down = startLimited(store.downloadWords(attempt, folder));
    await expectModest(context, "down", await (await down).ended);
    expect(await countTree(path.join(folder, "d"), shape)).toBe(shape.files);
  });
}

describe.each<ServerName>(["minio", "versitygw"])("in 128 MiB and half a processor, with %s", (name) => {
  const reason = notConfined === "" ? missingServer(name) : notConfined;
  let store: LimitsStore;

  beforeAll(async () => {
    if (reason === "") store = await startLimitsStore(name);
  });

  afterAll(async () => {
    if (reason === "") await store.stop();
  });

  it("2,000 objects of 64 KiB go up and down [copilot B57]", async (context) => {
    context.skip(reason !== "", reason);
    await roundTrip(context, store, { files: 2_000, bytes: 64 * 1024 }, "1");
  });

  it("2,000 variables, files and texts, come down, and 2,000 go up [copilot B49]", async (context) => {
    context.skip(reason !== "", reason);
    const names = Array.from({ length: 2_000 }, (_, index) => `v${index}`);
    const isFile = (index: number): boolean => index % 2 === 0;
    const types = Object.fromEntries(
      names.map((variable, index) => [variable, isFile(index) ? blob(0) : simple("STRING")]),
    );
    await withFolder(async (folder) => {
      for (const variable of names) await writeFile(path.join(folder, variable), `of ${variable}`);
      const up = await startLimited(store.sidecarWords("2", folder, { types }));
      await expectModest(context, "up", await up.ended);
    });
    const outputs = (await store.outputs("2")) ?? {};
    expect(Object.keys(outputs).length).toBe(names.length);
    await store.putInputs(outputs);
    await withFolder(async (folder) => {
      const down = await startLimited(store.downloadWords("2", folder));
      await expectModest(context, "down", await down.ended);
      for (const variable of names) {
        expect(await readFile(path.join(folder, variable), "utf8")).toBe(`of ${variable}`);
      }
    });
  });
});

// One server is enough for what takes minutes and much of a disk.
describe("in 128 MiB and half a processor", () => {
  const reason = notConfined === "" ? missingServer("versitygw") : notConfined;
  let store: LimitsStore;

  beforeAll(async () => {
    if (reason === "") store = await startLimitsStore("versitygw");
  });

  afterAll(async () => {
    if (reason === "") await store.stop();
  });

  it.for([
    { name: "100,000 texts", texts: 100_000, bytes: 20 },
    { name: "100 texts of 64 KiB", texts: 100, bytes: 64 * 1024 },
  ])("$name come down as inputs [copilot B49]", async ({ texts, bytes }, context) => {
    context.skip(reason !== "", reason);
    const names = Array.from({ length: texts }, (_, index) => `t${index}`);
    await store.putInputs(Object.fromEntries(names.map((text) => [text, textLiteral("x".repeat(bytes))])));
    await withFolder(async (folder) => {
      await expectModest(context, "down", await (await startLimited(store.downloadWords("3", folder))).ended);
      expect(await readFile(path.join(folder, `t${texts - 1}`), "utf8")).toBe("x".repeat(bytes));
      expect((await readdir(folder)).filter((file) => file.startsWith("t")).length).toBe(texts);
    });
  });

  it("a list of 100,000 integers comes down as one input [copilot B49]", async (context) => {
    context.skip(reason !== "", reason);
    const count = 100_000;
    const literals = Array.from({ length: count }, (_, index) => integerLiteral(BigInt(index)));
    await store.putInputs({ l: { value: { case: "collection", value: { literals } } } });
    await withFolder(async (folder) => {
      await expectModest(context, "down", await (await startLimited(store.downloadWords("6", folder))).ended);
      expect(await readFile(path.join(folder, "l", `${count - 1}`), "utf8")).toBe(`${count - 1}`);
      expect((await readdir(path.join(folder, "l"))).length).toBe(count);
    });
  });

  it("100,000 files of 4 KiB go up and down [copilot B43,B49]", async (context) => {
    context.skip(reason !== "", reason);
    await roundTrip(context, store, { files: 100_000, bytes: 4096 }, "4");
  });

  it("one object of 10 GiB goes up and down [copilot B49]", async (context) => {
    context.skip(reason !== "", reason);
    const bytes = 10 * gibibyte;
    context.skip((await freeBytes()) < 24 * gibibyte, "it takes 24 GiB of the temporary folder's disk");
    await withFolder(async (folder) => {
      await fillMarked(path.join(folder, "f"), bytes);
      const up = await startLimited(store.sidecarWords("5", folder, { types: { f: blob(0) } }));
      await expectModest(context, "up", await up.ended);
    });
    await store.putInputs({ f: blobLiteral(store.uri("run/a0/5/raw/f"), 0) });
    await withFolder(async (folder) => {
      const down = await startLimited(store.downloadWords("5", folder));
      await expectModest(context, "down", await down.ended);
      expect(await wrongMarks(path.join(folder, "f"), bytes)).toEqual([]);
    });
    expect(await store.unfinished()).toEqual([]);
  });
});
