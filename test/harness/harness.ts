/** What the command `npm run harness` can do. */
import type { Case, Dialect } from "./case.ts";
import { allCases, quickCases } from "./cases/all-cases.ts";
import { generatedCases } from "./cases/generated.ts";
import { startObjectStore } from "./object-store.ts";
import type { Binary } from "./program.ts";
import { byName, provenBy, type Recording, recorded } from "./recording.ts";
import { runCases } from "./run-cases.ts";

export { compareRecordings } from "./compare.ts";
export { type Defect, defects } from "./defects.ts";
export { predictedRecording } from "./predicted-recording.ts";

export interface HarnessOptions {
  readonly binary: Binary;
  readonly dialect: Dialect;
  /** Path of the S3 server's program. */
  readonly storeProgram: string;
  readonly parallel: number;
  readonly cases: readonly Case[];
  /** Takes a line for people. */
  readonly tell: (line: string) => void;
  /** Ends the run once a case has failed. */
  readonly untilFirstFault?: boolean;
}

/** How one case ended. */
export interface CaseResult {
  /** With its tag. */
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly faults: readonly string[];
}

export interface HarnessResult {
  readonly results: readonly CaseResult[];
  readonly recording: Recording;
}

export interface Selection {
  /** Part of the names; all by default. */
  readonly only?: string;
  /** Whether a small part of all kinds will do. */
  readonly quick: boolean;
  /** How many generated cases there are, and what they are generated from. */
  readonly generated: number;
  readonly seed: number;
}

export function selectCases({ only, quick, generated, seed }: Selection): readonly Case[] {
  const cases = [...allCases(), ...generatedCases(generated, seed)];
  const known = byName(cases);
  const chosen = quick ? quickCases([...known.values()]) : [...known.values()];
  return only === undefined ? chosen : chosen.filter(({ name }) => name.includes(only));
}

/** Runs cases on a program and judges them; a case whose dialect the program does not speak is recorded and skipped. */
export async function runHarness(options: HarnessOptions): Promise<HarnessResult> {
  const { binary, dialect, parallel, cases, tell, untilFirstFault = false } = options;
  const store = await startObjectStore(options.storeProgram);
  const results: CaseResult[] = [];
  const seen: Record<string, Recording["cases"][string]> = {};
  try {
    await runCases(cases, {
      binary,
      dialect,
      store,
      parallel,
      enough: () => untilFirstFault && results.some(({ state }) => state === "failed"),
      onOutcome: (one, { faults, seen: observation, world }) => {
        seen[one.name] = recorded(observation, world);
        const state = faults === undefined ? "skipped" : faults.length === 0 ? "passed" : "failed";
        results.push({ name: tagged(one), state, faults: faults ?? [] });
        if (state === "failed") tell([`✗ ${tagged(one)}`, ...(faults ?? []).map((fault) => `    ${fault}`)].join("\n"));
      },
    });
  } finally {
    await store.stop();
  }
  const inOrder = Object.fromEntries(Object.entries(seen).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const program = [binary.path, ...binary.args].map((word) => word.replace(/^.*\//, "")).join(" ");
  return { results, recording: { harness: 1, program, dialect, cases: inOrder, proves: provenBy(cases) } };
}

function tagged({ name, items }: Case): string {
  return items.length === 0 ? name : `${name} [copilot ${items.join(",")}]`;
}
