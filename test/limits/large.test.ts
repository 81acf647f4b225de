import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { blob } from "../../copilot/test/documents.ts";
import { startLimited } from "./limited.ts";
import { fillMarked, freeBytes, withFolder, wrongMarks } from "./local-files.ts";
import { blobLiteral, expectModest } from "./modest.ts";
import { type LimitsStore, missingServer, startLimitsStore } from "./store.ts";

const gibibyte = 1024 ** 3;
const notConfined = inject("notConfined");

describe("ten gibibytes in 128 MiB and half a processor", () => {
  const reason = notConfined === "" ? missingServer("versitygw") : notConfined;
  let store: LimitsStore;

  beforeAll(async () => {
    if (reason === "") store = await startLimitsStore("versitygw");
  });

  afterAll(async () => {
    if (reason === "") await store.stop();
  });

  it("one object of 10 GiB goes up and down [copilot B49]", async (context) => {
    context.skip(reason !== "", reason);
    const bytes = 10 * gibibyte;
    context.skip((await freeBytes()) < 24 * gibibyte, "it takes 24 GiB of the temporary folder's disk");
    await withFolder(async (folder) => {
      await fillMarked(path.join(folder, "f"), bytes);
      const up = await startLimited(store.sidecarWords("5", folder, { types: { f: blob(0) } }));
      await expectModest(context, "up", await up.ended);
      expect(await store.report("5")).toBeUndefined();
    });
    await store.putInputs({ f: blobLiteral(store.uri("run/a0/5/raw/f"), 0) });
    await withFolder(async (folder) => {
      const down = await startLimited(store.downloadWords("5", folder));
      await expectModest(context, "down", await down.ended);
      expect(await store.report("5")).toBeUndefined();
      expect(await wrongMarks(path.join(folder, "f"), bytes)).toEqual([]);
    });
    expect(await store.unfinished()).toEqual([]);
  });
});
