// @ts-check
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundleTarget, targetFiles } from "./bundle.mjs";
import { randomFor } from "./random.mjs";
import { runTarget } from "./run-target.mjs";

let root = "";
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "fuzz-"));
  write("package.json", JSON.stringify({ workspaces: ["thing"] }));
  write(
    "thing/src/parse.ts",
    `export function parse(first: number): boolean {
  if (first < 128) {
    return true;
  }
  if (first === 300) {
    return unreachable();
  }
  return false;
}

function unreachable(): boolean {
  return true;
}
`,
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("counts of accepted and rejected add up to the cases, and lines never reached are named", async () => {
  const result = await fuzz(`parse(input[0] ?? 0) ? "accepted" : "rejected"`, { cases: 200 });
  expect(result.defect).toBeUndefined();
  expect(result.accepted + result.rejected).toBe(200);
  expect(Math.min(result.accepted, result.rejected)).toBeGreaterThan(50);
  expect(result.coverage?.missed).toEqual(expect.arrayContaining([6, 12]));
  expect(result.coverage?.missed).not.toEqual(expect.arrayContaining([3]));
  expect(result.coverage?.missed).not.toEqual(expect.arrayContaining([8]));
});

test("a defect names the case, and that case alone fails again from the same seed", async () => {
  const body = `(() => { if (input[0] === 7) throw new Error("seven"); return parse(1) ? "accepted" : "rejected"; })()`;
  const { defect } = await fuzz(body, { cases: 5000 });
  expect(defect?.reason).toContain("seven");
  const again = await fuzz(body, { first: defect?.index ?? 0, cases: 1 });
  expect(again.defect).toMatchObject({ index: defect?.index, input: defect?.input });
});

test("a case that does not end is reported as the defect it is", async () => {
  const { defect } = await fuzz(`(() => { for (;;); })()`, { cases: 3, caseMs: 300 });
  expect(defect).toMatchObject({ index: 0, reason: "still running after 300 ms" });
});

test("an answer that is neither accepted nor rejected is a defect", async () => {
  const { defect } = await fuzz(`"perhaps"`, { cases: 1 });
  expect(defect?.reason).toContain("run answered perhaps");
});

test("a target that does not load is an error, not a silent pass", async () => {
  const file = write("thing/src/broken.fuzz.ts", `throw new Error("broken on load");\n`);
  const bundle = await bundleTarget(file, path.join(root, "thing", "dist"));
  await expect(runTarget({ root, bundle, seed: 1, first: 0, cases: 1, caseMs: 5000 })).rejects.toThrow(
    "broken on load",
  );
});

test("targets are found below the packages' sources only", () => {
  write("thing/src/deep/x.fuzz.ts", "");
  write("thing/test/y.fuzz.ts", "");
  expect(targetFiles(root)).toEqual([path.join(root, "thing/src/deep/x.fuzz.ts")]);
});

test("equal seed and case give an equal stream, another case another one", () => {
  const take = (/** @type {() => number} */ random) => Array.from({ length: 5 }, random);
  expect(take(randomFor(1, 2))).toEqual(take(randomFor(1, 2)));
  expect(take(randomFor(1, 2))).not.toEqual(take(randomFor(1, 3)));
});

/**
 * Runs a target whose `run` is one expression over `input`, one random byte.
 * @param {string} expression
 * @param {{ first?: number, cases: number, caseMs?: number }} options
 */
async function fuzz(expression, { first = 0, cases, caseMs = 20_000 }) {
  const file = write(
    "thing/src/parse.fuzz.ts",
    `import { parse } from "./parse.ts";
export const fuzzTarget = {
  name: "parse",
  subject: "thing/src/parse.ts",
  generate: (random: () => number) => Uint8Array.of(Math.floor(random() * 256)),
  run: (input: Uint8Array) => { void parse; return ${expression}; },
};
`,
  );
  const bundle = await bundleTarget(file, path.join(root, "thing", "dist"));
  return runTarget({ root, bundle, seed: 42, first, cases, caseMs });
}

/**
 * @param {string} file
 * @param {string} text
 * @returns {string} its absolute path
 */
function write(file, text) {
  const at = path.join(root, file);
  mkdirSync(path.dirname(at), { recursive: true });
  writeFileSync(at, text);
  return at;
}
