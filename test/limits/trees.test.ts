import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { blob, simple } from "../../copilot/test/documents.ts";
import { startLimited } from "./limited.ts";
import { withFolder } from "./local-files.ts";
import { expectModest, roundTrip } from "./modest.ts";
import { type LimitsStore, missingServer, type ServerName, startLimitsStore } from "./store.ts";

const notConfined = inject("notConfined");

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
