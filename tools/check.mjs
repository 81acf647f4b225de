// @ts-check
// `npm run check`: what has to hold before every commit, cheapest first; stops at the first step that fails.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runStep } from "./run-step.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const npm = ["npm", "run", "--silent"];

/** Lint, graph and knip read the built siblings, so the build comes before them. */
const steps = [
  { name: "format", command: ["biome", "check", "--error-on-warnings", "."] },
  { name: "build", command: [...npm, "build"] },
  { name: "types of tests and tools", command: ["tsc", "-p", "tsconfig.tests.json"] },
  { name: "types of the pages' script", command: ["tsc", "-p", "api/browser"] },
  { name: "lint", command: ["oxlint"] },
  { name: "import graph", command: ["node", "tools/graph.mjs"] },
  { name: "knip", command: ["knip", "--no-progress"] },
  { name: "proto lint", command: [...npm, "lint", "--workspace", "proto"] },
  { name: "proto breaking", command: [...npm, "breaking", "--workspace", "proto"] },
  { name: "unit tests", command: ["vitest", "run", "--project", "unit"] },
];

const started = performance.now();
for (const step of steps) {
  const status = await runStep(root, step);
  if (status !== 0) {
    console.error(`check: ${step.name} failed`);
    process.exit(status);
  }
}
console.log(`check: all ${steps.length} steps passed in ${((performance.now() - started) / 1000).toFixed(1)} s`);
