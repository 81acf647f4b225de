import { setTimeout } from "node:timers/promises";
import type { Action } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { emptyHome, processesNaming } from "../e2e/server-process.ts";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, type RunApi, runApi } from "./run-api.ts";
import { type SdkServer, startSdkServer } from "./sdk-server.ts";

const limit = 2;

/** Living Pythons of the run's children: not their shells, nor the root's. */
async function childProcesses(run: string): Promise<number> {
  const lines = await processesNaming(`/${run}/`);
  return lines.filter((line) => /^\d+ python3 -m/.test(line) && !line.includes(`/${run}/a0/`)).length;
}

describe(`a server that runs ${limit} tasks at once at one depth`, () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let server: SdkServer;
  let api: RunApi;
  beforeAll(async () => {
    home = await emptyHome();
    const environment = { FLYTE_DATAPLANE_LOCAL_CONCURRENCY: String(limit) };
    server = await startSdkServer({ python: inject("sdkPython"), home: home.path, environment });
    api = runApi(server.url);
  });
  afterAll(async () => {
    await server.stop();
    await home.remove();
  });

  test("comes to the end of tasks that call each other four deep, all running at the same time [sdk 3]", async () => {
    const run = await flyteRun("nested.py", "a", { endpoint: server.url, inputs: ["--n", "0"] });
    let most: readonly Action[] = [];
    await expect
      .poll(
        async () => {
          const running = (await api.children(run)).filter((child) => phaseName(phaseOf(child)) === "RUNNING");
          if (running.length > most.length) most = running;
          return most.length;
        },
        { timeout: 60_000, interval: 100 },
      )
      .toBe(3);
    expect(phaseName(phaseOf(await api.details(actionOf(run, "a0"))))).toBe("RUNNING");
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: 4n });
    const children = await api.children(run);
    const task = ({ metadata }: Action) => (metadata?.spec.case === "task" ? metadata.spec.value.id?.name : undefined);
    const byName = new Map(children.map((child) => [idOf(child).name, task(child)]));
    const parents = children.map((child) => [task(child), byName.get(child.metadata?.parent ?? "") ?? "the root"]);
    expect(new Map(parents as [string, string][])).toEqual(
      new Map([
        ["nested.b", "the root"],
        ["nested.c", "nested.b"],
        ["nested.d", "nested.c"],
      ]),
    );
  });

  test("runs fifty children of one group, several at once and never more than it may", async () => {
    const run = await flyteRun("nested.py", "fan", { endpoint: server.url, inputs: ["--width", "50"] });
    let most = 0;
    const giveUp = new AbortController();
    const watching = (async () => {
      while (!giveUp.signal.aborted) {
        most = Math.max(most, await childProcesses(run.name));
        await setTimeout(100);
      }
    })();
    const root = await api.untilEnded(run);
    giveUp.abort();
    await watching;
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: 1225n });
    const children = await api.children(run);
    expect(children).toHaveLength(50);
    const names = new Set(children.map((child) => idOf(child).name));
    expect(names.size).toBe(50);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(25);
    for (const child of children) expect(child.metadata?.group).toBe("leaves");
    // Several at once, which is what makes it faster than one after the other.
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(limit);
  }, 300_000);
});
