import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type LimitsStore, missingServer, startLimitsStore } from "./store.ts";
import { earlySignal, type StormPlan, stormPlan } from "./storm-plan.ts";
import { earlyRun, stormRun } from "./storm-run.ts";

declare module "vitest" {
  interface ProvidedContext {
    storm: {
      readonly seed: number;
      /** Runs that are signalled from `started` on. */
      readonly runs: number;
      /** Runs that are signalled before. */
      readonly early: number;
      /** File for the figures, from the repository's top folder; empty for none. */
      readonly report: string;
    };
  }
}

const reason = inject("notConfined") === "" ? missingServer("versitygw") : inject("notConfined");
const storm = inject("storm");

/** Each has half a processor. */
const atOnce = 3;

/** Runs number 0 and up, a few at a time. */
async function eachRun(runs: number, run: (index: number) => Promise<void>): Promise<void> {
  const numbers = Array.from({ length: runs }).keys();
  const work = async (): Promise<void> => {
    for (const index of numbers) await run(index);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

function sorted(numbers: readonly number[]): string {
  return [...numbers].sort((a, b) => a - b).join();
}

describe(`SIGTERM at any moment (seed ${storm.seed})`, () => {
  let store: LimitsStore;
  const figures: Record<string, unknown> = { ...storm };

  beforeAll(async () => {
    if (reason === "") store = await startLimitsStore("versitygw");
  });

  afterAll(async () => {
    if (reason !== "") return;
    await store.stop();
    if (storm.report === "") return;
    await mkdir(path.dirname(storm.report), { recursive: true });
    await writeFile(storm.report, `${JSON.stringify(figures, undefined, 1)}\n`);
  });

  /** What the store holds of an attempt, as one word, or what is wrong with it. */
  async function verdict(attempt: string, { kind, fileBytes, folderFiles }: StormPlan): Promise<string> {
    const [outputs, report] = [await store.outputs(attempt), await store.report(attempt)];
    if (kind !== "whole") {
      if (outputs !== undefined) return "outputs of a task that has none";
      return report === undefined ? "no error document" : "error document";
    }
    if (report !== undefined) return `error document: ${report.message}`;
    if (outputs === undefined) return "neither outputs nor an error document";
    if (Object.keys(outputs).sort().join() !== "d,f,n") return "outputs that lack variables";
    const sizes = await store.sizes(`run/a0/${attempt}/raw/`);
    const expected = [fileBytes, ...Array.from({ length: folderFiles }, (_, index) => `${index}`.length)];
    return sorted(sizes) === sorted(expected) ? "outputs" : "outputs without their data";
  }

  it("from `started` on always ends in whole outputs or one error document, with no connection left open [copilot B10,B11,B13]", async (context) => {
    context.skip(reason !== "", reason);
    const counts = new Map<string, number>();
    const wrong: string[] = [];
    await eachRun(storm.runs, async (index) => {
      const plan = stormPlan(storm.seed, index);
      const attempt = `storm-${index}`;
      const { end, openBesideReport } = await stormRun(store, attempt, plan);
      const said = await verdict(attempt, plan);
      const what = `${plan.kind}: ${said}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
      const expected = plan.kind === "whole" ? "outputs" : "error document";
      const sound = said === expected && end.status === 0 && end.killedForMemory === 0 && openBesideReport === 0;
      if (!sound) {
        wrong.push(`run ${index}, ${JSON.stringify(plan)}: ${said}, status ${end.status}, ${openBesideReport} open`);
      }
    });
    figures["outcomes"] = Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b)));
    figures["wrong"] = wrong;
    await context.annotate(`${storm.runs} runs: ${JSON.stringify(figures["outcomes"])}`);
    expect(wrong).toEqual([]);
    expect(await store.unfinished()).toEqual([]);
  });

  it("before `started` either is lost whole or ends in outputs, and where is told [copilot B10]", async (context) => {
    context.skip(reason !== "", reason);
    const bins = new Map<number, Map<string, number>>();
    await eachRun(storm.early, async (index) => {
      const { atMs, outcome } = await earlyRun(store, `early-${index}`, earlySignal(storm.seed, index));
      const bin = bins.get(Math.floor(atMs / 10) * 10) ?? new Map<string, number>();
      bins.set(Math.floor(atMs / 10) * 10, bin.set(outcome, (bin.get(outcome) ?? 0) + 1));
    });
    const table = [...bins].sort(([a], [b]) => a - b).map(([from, outcomes]) => [from, Object.fromEntries(outcomes)]);
    figures["earlyByMs"] = table;
    await context.annotate(`by milliseconds from exec: ${JSON.stringify(table)}`);
    const outcomes = new Set([...bins.values()].flatMap((bin) => [...bin.keys()]));
    expect([...outcomes].filter((outcome) => !["outputs", "signal lost"].includes(outcome))).toEqual([]);
  });
});
