import { setTimeout } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import type { Action, ActionDetails } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { emptyHome, processesNaming } from "../e2e/server-process.ts";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, type RunApi, runApi } from "./run-api.ts";
import { type SdkServer, startSdkServer } from "./sdk-server.ts";

const limit = 2;

/**
 * Children of the run whose Python lives: not the root's, nor shells. Counted by action, because for a moment a Python
 * that starts a program is there twice, with the same words.
 */
async function livingChildren(run: string): Promise<number> {
  const lines = (await processesNaming(`/${run}/`)).filter((line) => /^\d+ python3 -m/.test(line));
  const names = lines.map((line) => new RegExp(`/${run}/([^/ ]+)/`).exec(line)?.[1]);
  return new Set(names.filter((name) => name !== "a0")).size;
}

/** When the only attempt's process began and ended, in milliseconds of the epoch. */
function lifetime({ attempts }: ActionDetails): { readonly fromMs: number; readonly toMs: number } {
  const running = attempts[0]?.phaseTransitions.find(({ phase }) => phase === ActionPhase.RUNNING);
  if (running?.startTime === undefined || running.endTime === undefined) throw new Error("it was never seen running");
  return { fromMs: timestampMs(running.startTime), toMs: timestampMs(running.endTime) };
}

describe(`a server that runs ${limit} tasks at once at one depth`, () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let server: SdkServer;
  let api: RunApi;
  beforeAll(async () => {
    home = await emptyHome();
    const environment = {
      FLYTE_DATAPLANE_LOCAL_CONCURRENCY: String(limit),
      FLYTE_DATAPLANE_LOCAL_STARTS: String(limit),
    };
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

  test("runs fifty children of one group, never more than it may, in far less time than one after the other [sdk 2]", async () => {
    const run = await flyteRun("nested.py", "fan", { endpoint: server.url, inputs: ["--width", "50"] });
    let most = 0;
    const giveUp = new AbortController();
    const watching = (async () => {
      while (!giveUp.signal.aborted) {
        most = Math.max(most, await livingChildren(run.name));
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
    // Against their own times and by the server's clock: a busy machine stretches both sides alike.
    const lives = await Promise.all(children.map(async (child) => lifetime(await api.details(idOf(child)))));
    const serialMs = lives.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    const tookMs = Math.max(...lives.map(({ toMs }) => toMs)) - Math.min(...lives.map(({ fromMs }) => fromMs));
    expect(tookMs).toBeLessThan(0.75 * serialMs);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(limit);
  }, 600_000);
});
