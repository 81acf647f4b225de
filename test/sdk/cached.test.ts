import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { CatalogCacheStatus } from "@flyte-dataplane/proto/flyteidl2/core/catalog";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createdRun, flyteRun, python } from "./flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();

describe("a cached task", () => {
  let folder: string;
  let marks: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(inject("sdkHome"), "cached-"));
    marks = join(folder, "marks");
    await writeFile(marks, "");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const timesRun = async (): Promise<number> => (await readFile(marks, "utf8")).split("\n").length - 1;

  /** Calls it, and tells of the action that is cached: the root or its only child. */
  async function call(task: "square" | "main", n: number, options: { overwrite?: boolean; folder?: string } = {}) {
    const before = await timesRun();
    const { overwrite = false, ...place } = options;
    const run = overwrite
      ? createdRun(
          await python(["launch.py", "cached", task, '{"overwrite_cache": true}', JSON.stringify({ n, marks })]),
        )
      : await flyteRun("cached.py", task, { inputs: ["--n", String(n), "--marks", marks], ...place });
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    const action = task === "square" ? actionOf(run, "a0") : await onlyChild(run);
    const { status, attempts } = await api.details(action);
    return {
      status: CatalogCacheStatus[status?.cacheStatus ?? 0],
      outputs: (await api.values(action)).outputs,
      uri: attempts.at(-1)?.outputs?.outputUri ?? "",
      run: run.name,
      executed: (await timesRun()) - before,
    };
  }

  async function onlyChild(run: RunIdentifier) {
    const [child, ...others] = await api.children(run);
    expect(others).toEqual([]);
    return idOf(child);
  }

  test.each([
    { where: "as the root", task: "square" as const, n: 7 },
    { where: "in a parent", task: "main" as const, n: 8 },
  ])(
    "runs once for equal inputs $where, and again when the cache is to be overwritten [sdk 6]",
    async ({ task, n }) => {
      const outputs = { o0: BigInt(n * n) };
      const first = await call(task, n);
      expect(first).toMatchObject({ status: "CACHE_POPULATED", outputs, executed: 1 });
      const second = await call(task, n);
      expect(second).toMatchObject({ status: "CACHE_HIT", outputs, executed: 0 });
      expect(second.uri).toContain(second.run);
      expect(second.uri).not.toBe(first.uri);
      expect(await call(task, n, { overwrite: true })).toMatchObject({
        status: "CACHE_POPULATED",
        outputs,
        executed: 1,
      });
    },
  );

  test("is not found any more once its function has another body [sdk 6]", async () => {
    expect(await call("main", 9)).toMatchObject({ executed: 1 });
    const source = await readFile(new URL("./programs/cached.py", import.meta.url), "utf8");
    await writeFile(join(folder, "cached.py"), source.replace("return n * n", "return n * n * n"));
    expect(await call("main", 9, { folder })).toMatchObject({
      status: "CACHE_POPULATED",
      outputs: { o0: 729n },
      executed: 1,
    });
  });
});
