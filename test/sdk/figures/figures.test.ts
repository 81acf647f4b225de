/**
 * Figures of a server as a person starts it, on the machine as it is: the table says how busy that was. What is measured
 * must also be right; how long it took is told and not judged.
 */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { RunIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { CatalogCacheStatus } from "@flyte-dataplane/proto/flyteidl2/core/catalog";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { emptyHome } from "../../e2e/server-process.ts";
import { flyteRun } from "../flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, type RunApi, runApi } from "../run-api.ts";
import { type SdkServer, startSdkServer } from "../sdk-server.ts";
import { figureTable, median } from "./figure-table.ts";
import { serverCost } from "./server-cost.ts";
import { watchTold } from "./told-times.ts";

const table = figureTable();
const mapped = 300;
const step = 50;

describe("figures", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let server: SdkServer;
  let api: RunApi;
  let pid: number;
  let actions = 0;

  beforeAll(async () => {
    home = await emptyHome();
    server = await startSdkServer({ python: inject("sdkPython"), home: home.path });
    pid = server.run.child.pid ?? 0;
    api = runApi(server.url);
  });
  afterAll(async () => {
    await server.stop();
    await home.remove();
    table.print();
  });

  const start = (task: string, ...inputs: readonly string[]): Promise<RunIdentifier> =>
    flyteRun("figures.py", task, { endpoint: server.url, inputs });

  async function succeeded(run: RunIdentifier): Promise<unknown> {
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    return (await api.values(actionOf(run, "a0"))).outputs["o0"];
  }

  async function megabytes(): Promise<string> {
    return `${((await serverCost(pid)).rssBytes / 1e6).toFixed(0)} MB`;
  }

  test("a run of three actions", async () => {
    table.add("RSS of the idle server", await megabytes());
    const commands: number[] = [];
    const runs: number[] = [];
    for (const n of [1, 2, 3, 4, 5]) {
      const started = performance.now();
      const run = await start("three", "--n", String(n));
      expect(await succeeded(run)).toBe(BigInt(n + 2));
      commands.push((performance.now() - started) / 1000);
      runs.push(Number((await api.details(actionOf(run, "a0"))).status?.durationMs ?? 0) / 1000);
      actions += 3;
    }
    const seconds = (values: readonly number[]): string => `${median(values).toFixed(2)} s`;
    table.add("`flyte run` of 3 actions, command to end, median of 5", seconds(commands), "Go 3–4 s");
    table.add("the run itself, without the command", seconds(runs));
  });

  test("cache hits, told to their parent", async () => {
    const count = 20;
    const run = await start("hits", "--count", String(count));
    const told = watchTold(server.url, actionOf(run, "a0"));
    await told.watching;
    const took = (await succeeded(run)) as readonly number[];
    expect(took).toHaveLength(count);
    const children = await Promise.all((await api.children(run)).map((child) => api.details(idOf(child))));
    actions += 1 + children.length;
    const found = children.filter(({ status }) => status?.cacheStatus === CatalogCacheStatus.CACHE_HIT);
    expect(found).toHaveLength(count);
    const since = (from: "startTime" | "endTime"): readonly number[] =>
      found.map(({ id, status }) => {
        const time = status?.[from];
        return (
          (told.toldAtMs.get(id?.name ?? "") ?? Number.NaN) - (time === undefined ? Number.NaN : timestampMs(time))
        );
      });
    await told.stop();
    const figures = (values: readonly number[]): string =>
      `median ${median(values).toFixed(0)} ms, most ${Math.max(...values).toFixed(0)} ms`;
    table.add("cache hit until its parent is told", figures(since("endTime")), "≤ 50 ms; Go 130–190 ms");
    table.add("action enqueued until its parent is told of the hit", figures(since("startTime")));
    table.add("the same as the task sees it, its own work included", figures(took));
  });

  test("a map of three hundred in one run, then more until there were five hundred", async () => {
    const before = await serverCost(pid);
    const run = await start("many", "--count", String(mapped));
    // Counted in what the parent is told: listing hundreds of actions again and again would be part of the cost.
    const told = watchTold(server.url, actionOf(run, "a0"));
    for (let ended = step; ended <= mapped; ended += step) {
      await expect.poll(() => told.toldAtMs.size, { timeout: 1_200_000, interval: 100 }).toBeGreaterThanOrEqual(ended);
      table.add(`RSS after ${ended} actions of a map`, await megabytes(), ended === step ? "flat" : "");
    }
    await told.stop();
    expect(await succeeded(run)).toBe(BigInt((mapped * (mapped + 1)) / 2));
    actions += mapped + 1;
    const after = await serverCost(pid);
    const each = (from: number, to: number): string => `${((to - from) / (mapped + 1)).toFixed(0)} ms`;
    table.add("processor time of the server per action", each(before.serverCpuMs, after.serverCpuMs));
    table.add("processor time of PostgreSQL per action", each(before.databaseCpuMs, after.databaseCpuMs));
    const rest = 500 - actions - 1;
    expect(await succeeded(await start("many", "--count", String(rest)))).toBe(BigInt((rest * (rest + 1)) / 2));
    table.add("RSS after 500 actions", await megabytes());
  });
});
