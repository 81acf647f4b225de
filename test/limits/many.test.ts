import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { blob } from "../../copilot/test/documents.ts";
import { startLimited } from "./limited.ts";
import { withFolder } from "./local-files.ts";
import { blobLiteral, expectModest, integerLiteral, roundTrip, textLiteral } from "./modest.ts";
import { type LimitsStore, missingServer, startLimitsStore } from "./store.ts";

const notConfined = inject("notConfined");

// One server is enough for what takes minutes and much of a disk.
describe("a hundred thousand in 128 MiB and half a processor", () => {
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

  it("a list of 100,000, half of it files that all want one name, comes down into a folder [copilot B49]", async (context) => {
    context.skip(reason !== "", reason);
    const count = 100_000;
    await withFolder(async (folder) => {
      await writeFile(path.join(folder, "f"), "content");
      const up = await startLimited(store.sidecarWords("7", folder, { types: { f: blob(0) } }));
      expect((await up.ended).status).toBe(0);
    });
    const uri = store.uri("run/a0/7/raw/f");
    const literals = Array.from({ length: count }, (_, index) =>
      index % 2 === 0 ? blobLiteral(uri, 0) : integerLiteral(BigInt(index)),
    );
    await store.putInputs({ l: { value: { case: "collection", value: { literals } } } });
    await withFolder(async (folder) => {
      const words = [...store.downloadWords("7", folder), "--file-input-layout", "NAMED_DIR"];
      await expectModest(context, "down", await (await startLimited(words)).ended);
      expect(await readFile(path.join(folder, "l", `${count - 1}`), "utf8")).toBe(`${count - 1}`);
      expect(await readFile(path.join(folder, "l", "f"), "utf8")).toBe("content");
      expect(await readFile(path.join(folder, "l", `${count - 2}_f`), "utf8")).toBe("content");
      expect((await readdir(path.join(folder, "l"))).length).toBe(count);
    });
  });

  it("100,000 files of 4 KiB go up and down [copilot B43,B49]", async (context) => {
    context.skip(reason !== "", reason);
    await roundTrip(context, store, { files: 100_000, bytes: 4096 }, "4");
  });
});
