// @ts-check
// README and CONTRIBUTING name commands, options and files; a reader must find each of them.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const { scripts } = JSON.parse(read("package.json"));
const readme = read("README.md");
const contributing = read("CONTRIBUTING.md");
const fenced = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1]).join("");
/** Fenced shell lines, and what stands between backticks elsewhere. */
const shown = [...fenced.split("\n"), ...codeSpans(readme), ...codeSpans(contributing)];

test("every npm script that the documents show exists", () => {
  const named = new Set(
    shown.flatMap((text) => [...text.matchAll(/npm (?:run ([\w:-]+)|(test|start))/g)].map((m) => m[1] ?? m[2])),
  );
  expect(named.size).toBeGreaterThan(10);
  expect([...named].filter((name) => scripts[name ?? ""] === undefined)).toEqual([]);
});

test("every npm script stands in the table of commands", () => {
  const table = contributing
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .join("\n");
  const absent = Object.keys(scripts).filter((name) => !new RegExp(`\`npm (run )?${name}[\` ]`).test(table));
  expect(absent).toEqual([]);
});

test("every program that a script starts exists or is built", () => {
  const programs = Object.values(scripts).flatMap((script) =>
    [...String(script).matchAll(/node (\S+\.m?js)/g)].map((m) => m[1] ?? ""),
  );
  const sources = programs.map((file) => file.replace("/dist/", "/src/").replace(/\.js$/, ".ts"));
  expect(sources.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});

test.each([
  { script: "contracts", file: "tools/contracts.mjs" },
  { script: "fuzz", file: "tools/fuzz.mjs" },
  { script: "tools", file: "tools/peers.mjs" },
])("the options shown for npm run $script are those it knows", ({ script, file }) => {
  const row = contributing.split("\n").find((line) => line.startsWith(`| \`npm run ${script} -- `));
  const options = [...(row ?? "").matchAll(/--([a-z]+)/g)].map((match) => match[0]);
  expect(options.length).toBeGreaterThan(1);
  const help = spawnSync(process.execPath, [path.join(root, file), "--help"], { encoding: "utf8" }).stdout;
  expect(options.filter((option) => !help.includes(option))).toEqual([]);
});

test("every file and folder that the documents name exists", () => {
  const named = shown.filter((text) => /^[\w.-]+(\/[\w.-]+)*\/?$/.test(text) && /\/|\.(md|json|cjs)$/.test(text));
  expect(named.length).toBeGreaterThan(20);
  // What a suite leaves behind is described, not kept.
  expect(named.filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
});

/**
 * @param {string} text
 * @returns {string[]}
 */
function codeSpans(text) {
  return [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? "");
}

/**
 * @param {string} file
 * @returns {string}
 */
function read(file) {
  return readFileSync(path.join(root, file), "utf8");
}
