import { existsSync } from "node:fs";
import { join } from "node:path";
import { CatalogCacheStatus } from "@flyte-dataplane/proto/flyteidl2/core/catalog";
import { describe, expect, inject, test } from "vitest";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();

describe("the SDK's own example, hello.py", () => {
  const folder = join(inject("sdkCheckout"), "examples", "basics");
  const absent = !existsSync(join(folder, "hello.py"));
  const note = "set FLYTE_SDK_CHECKOUT to a checkout of the SDK's repository";

  test("main makes 16 of ten children of one map, each in one attempt", async ({ skip }) => {
    skip(absent, note);
    const run = await flyteRun("hello.py", "main", { folder });
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    expect(root.status?.attempts).toBe(1);
    expect(root.status?.cacheStatus).toBe(CatalogCacheStatus.CACHE_DISABLED);
    const children = await api.children(run);
    expect(children).toHaveLength(10);
    for (const child of children) {
      expect(phaseName(phaseOf(child))).toBe("SUCCEEDED");
      expect(child.status?.attempts).toBe(1);
      expect(child.status?.cacheStatus).toBe(CatalogCacheStatus.CACHE_DISABLED);
      expect(child.metadata?.group).toBe("hello_world.fn_map");
    }
    const { inputs, outputs } = await api.values(actionOf(run, "a0"));
    expect(outputs).toEqual({ o0: 16 });
    expect(inputs).toEqual({ x_list: Array.from({ length: 10 }, (_, index) => BigInt(index + 1)) });
    const log = await api.log(idOf(children[0]));
    expect(log.length).toBeGreaterThan(0);
    expect(log.filter((line) => !line.endsWith("\n"))).toEqual([]);
  });

  test("main2 makes one child of the first number it is given and prints what came of it once", async ({ skip }) => {
    skip(absent, note);
    const run = await flyteRun("hello.py", "main2", { folder, inputs: ["--x_list", "[4, 5]"] });
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    const [child, ...more] = await api.children(run);
    expect(more).toEqual([]);
    expect(child?.status?.attempts).toBe(1);
    expect(await api.values(actionOf(run, "a0"))).toEqual({ inputs: { x_list: [4n, 5n] }, outputs: { o0: 13 } });
    const log = await api.log(actionOf(run, "a0"));
    expect(log.filter((line) => line === "y = 13!!!\n")).toHaveLength(1);
  });
});
