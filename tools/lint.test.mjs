// @ts-check
// Plants one violation per house rule in a small tree under the real .oxlintrc.json, and sees exactly that one reported.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

const refused = [
  { rule: "no-floating-promises", file: "api/src/floating.ts", code: `export function f(): void { work(); }\n` },
  {
    rule: "no-misused-promises",
    file: "api/src/misused.ts",
    code: `export function f(list: string[]): void { list.forEach(async () => { await work(); }); }\n`,
  },
  {
    rule: "return-await",
    file: "api/src/returned.ts",
    code: `export async function f(): Promise<void> { try { return work(); } finally { g(); } }\nfunction g(): void {}\n`,
  },
  { rule: "only-throw-error", file: "api/src/thrown.ts", code: `export function f(): never { throw "text"; }\n` },
  {
    rule: "switch-exhaustiveness-check",
    file: "api/src/switch.ts",
    code: `export function f(x: "a" | "b"): number { switch (x) { case "a": return 1; } return 2; }\n`,
  },
  { rule: "no-explicit-any", file: "api/src/any.ts", code: `export function f(x: any): void { void x; }\n` },
  {
    rule: "no-non-null-assertion",
    file: "api/src/bang.ts",
    code: `export const f = (x: string[]): string => x[0]!;\n`,
  },
  { rule: "no-namespace", file: "api/src/space.ts", code: `export namespace Space { export const a = 1; }\n` },
  { rule: "no-console", file: "api/src/printed.ts", code: `console.log("x");\n` },
  { rule: "no-default-export", file: "api/src/unnamed.ts", code: `export default function f(): void {}\n` },
  { rule: "no-process-env", file: "api/src/environment.ts", code: `export const f = process.env;\n` },
  { rule: "no-process-exit", file: "api/src/exit.ts", code: `export function f(): void { process.exit(1); }\n` },
  { rule: "no-restricted-imports", file: "api/src/files.ts", code: `import "node:fs/promises";\n` },
  { rule: "no-restricted-imports", file: "copilot/src/cluster.ts", code: `import "@kubernetes/client-node";\n` },
  { rule: "filename-case", file: "api/src/camelCase.ts", code: `export const f = 1;\n` },
];

const allowed = [
  { name: "a main file", file: "copilot/src/main.ts", code: `console.log(process.env["HOME"]);\nprocess.exit(1);\n` },
  {
    name: "files in the file driver",
    file: "lib/storage/src/drivers/file/read.ts",
    code: `import "node:fs/promises";\n`,
  },
  { name: "files in copilot", file: "copilot/src/layout.ts", code: `import "node:fs";\n` },
  { name: "files in a test", file: "api/test/runs.test.ts", code: `import "node:fs";\n` },
];

let tree = "";
/** @type {{ filename: string, code: string }[]} */
let found = [];

beforeAll(() => {
  tree = mkdtempSync(path.join(tmpdir(), "lint-"));
  copyFileSync(path.join(root, ".oxlintrc.json"), path.join(tree, ".oxlintrc.json"));
  write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: { strict: true, noUncheckedIndexedAccess: true, types: [], module: "nodenext" },
    }),
  );
  write(
    "api/src/globals.d.ts",
    `declare function work(): Promise<void>;
declare const process: { readonly env: Readonly<Record<string, string | undefined>>; exit(code: number): never };\n`,
  );
  for (const { file, code } of [...refused, ...allowed]) write(file, code);
  const oxlint = path.join(root, "node_modules", ".bin", "oxlint");
  const { stdout, stderr } = spawnSync(oxlint, ["--format", "json"], { cwd: tree, encoding: "utf8" });
  if (!stdout.startsWith("{")) throw new Error(`oxlint: ${stdout}${stderr}`);
  found = JSON.parse(stdout).diagnostics;
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

test.each(refused)("$rule is reported in $file and nothing else is", ({ rule, file }) => {
  expect([...new Set(rulesIn(file))]).toEqual([rule]);
});

test.each(allowed)("$name is allowed", ({ file }) => {
  expect(rulesIn(file)).toEqual([]);
});

/**
 * @param {string} file
 * @returns {string[]} names of the rules reported there, without the plugin
 */
function rulesIn(file) {
  return found.filter((one) => one.filename === file).map((one) => /\(([\w-]+)\)$/.exec(one.code)?.[1] ?? one.code);
}

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  const at = path.join(tree, file);
  mkdirSync(path.dirname(at), { recursive: true });
  writeFileSync(at, text);
}
