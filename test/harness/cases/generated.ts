/** Cases that nobody thought of: literals over all kinds and layouts, and outputs over all types, from a seed. */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { Case } from "../case.ts";
import type { Content } from "../value.ts";
import { anyInputs, oddAlphabet, plainAlphabet, type StoredKeys } from "./any-inputs.ts";
import { anyOutputs } from "./any-outputs.ts";
import { both, downloadCase, ours } from "./download-case.ts";
import { sidecarCase } from "./sidecar-case.ts";

const objects: Readonly<Record<string, Content>> = {
  "data/a.csv": "A",
  "data/b/a.csv": "other A",
  "data/c é+.txt": "C",
  "data/empty": "",
  "data/d/1": "one",
  "data/d/e/2": "two",
  "data/d/e/f/3": Buffer.from([0, 1, 255]),
  "data/t/part-0": "rows",
};

const plainKeys: StoredKeys = {
  files: ["data/a.csv", "data/b/a.csv", "data/empty"],
  folders: ["data/d", "data/d/e", "data/t"],
};

const oddKeys: StoredKeys = {
  files: [...plainKeys.files, "data/c é+.txt"],
  folders: [...plainKeys.folders, "data/none"],
};

/** Half of them download, half upload; half are plain, so that the contract tells of both dialects. */
export function generatedCases(count: number, seed: number): readonly Case[] {
  const each = Math.ceil(count / 4);
  return [true, false]
    .flatMap((plain) => [...downloads(plain, each, seed), ...uploads(plain, each, seed)])
    .slice(0, count);
}

function downloads(plain: boolean, count: number, seed: number): readonly Case[] {
  const arbitrary = fc.record({
    inputs: plain ? anyInputs(plainAlphabet, plainKeys) : anyInputs(oddAlphabet, oddKeys),
    layout: fc.constantFrom("DIRECT", "NAMED_DIR", ""),
    format: fc.constantFrom("JSON", "YAML", "PROTO"),
    asList: fc.boolean(),
  } as const);
  return fc
    .sample(arbitrary, { numRuns: count, seed })
    .map(({ inputs, layout, format, asList }, at) =>
      downloadCase(
        `generated ${plain ? "plain" : "odd"} inputs ${seed}:${at} land where the contract has them`,
        [],
        { inputs, objects, layout, format, asList },
        plain && !Object.values(inputs).some((value) => holdsOffloaded(value, 2)) ? both : ours,
      ),
    );
}

function uploads(plain: boolean, count: number, seed: number): readonly Case[] {
  return fc
    .sample(anyOutputs(plain ? plainAlphabet : oddAlphabet, !plain), { numRuns: count, seed })
    .map(({ types, left }, at) =>
      sidecarCase(
        `generated ${plain ? "plain" : "odd"} outputs ${seed}:${at} are published as the contract has it`,
        [],
        { types, left },
        plain ? both : ours,
      ),
    );
}

/** Whether so many offloaded literals lead to one another, of which the contract does not tell what the reference does. */
function holdsOffloaded(given: unknown, levels: number): boolean {
  if (typeof given !== "object" || given === null || given instanceof Uint8Array) return false;
  const left = "is" in given && given.is === "offloaded" ? levels - 1 : levels;
  return left === 0 || Object.values(given).some((member) => holdsOffloaded(member, left));
}
