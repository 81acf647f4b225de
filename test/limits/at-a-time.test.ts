import path from "node:path";
import { type FaultProxy, startFaultProxy } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { blob } from "../../copilot/test/documents.ts";
import { startLimited } from "./limited.ts";
import { fillTree, withFolder } from "./local-files.ts";
import { type LimitsStore, missingServer, startLimitsStore } from "./store.ts";

const reason = inject("notConfined") === "" ? missingServer("versitygw") : inject("notConfined");

describe("connections of a tree's transfer", () => {
  let store: LimitsStore;
  let proxy: FaultProxy;
  const shape = { files: 300, bytes: 4096 };

  beforeAll(async () => {
    if (reason !== "") return;
    store = await startLimitsStore("versitygw");
    proxy = await startFaultProxy(store.endpoint);
  });

  afterAll(async () => {
    if (reason !== "") return;
    await proxy.close();
    await store.stop();
  });

  it.for([
    { name: "by default", words: [], most: 17 },
    { name: "as the settings say", words: ["--storage.defaultHttpClient.maxConnsPerHost=3"], most: 3 },
  ])("are few: $name [copilot B43]", async ({ words, most }, context) => {
    context.skip(reason !== "", reason);
    const { endpoint } = proxy;
    const before = proxy.accepted;
    await withFolder(async (folder) => {
      await fillTree(path.join(folder, "d"), shape);
      const up = await startLimited([
        ...words,
        ...store.sidecarWords("1", folder, { types: { d: blob(1) }, endpoint }),
      ]);
      expect((await up.ended).status).toBe(0);
    });
    expect(proxy.accepted - before).toBeLessThanOrEqual(most);
  });
});
