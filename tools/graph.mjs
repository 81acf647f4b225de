// @ts-check
// The import-graph step of `npm run check`: prints what was read and each import that no rule allows.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { importGraph, typescriptSources } from "./graph/import-graph.mjs";

/** Far below the real count, far above what is left when the parser reads no TypeScript. */
const moduleFloor = 250;

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const graph = await importGraph(root);
const read = new Set(graph.sources);
const unread = typescriptSources(root).filter((file) => !read.has(file));

for (const { rule, from, to } of graph.violations) console.error(`${rule}: ${from} → ${to}`);
for (const file of unread) console.error(`not read: ${file}`);
if (graph.sources.length < moduleFloor) {
  console.error(
    `only ${graph.sources.length} source files read, at least ${moduleFloor} expected: is the parser missing?`,
  );
}
console.log(`import graph: ${graph.sources.length} source files, ${graph.modules} modules, ${graph.edges} edges`);
const sound = graph.violations.length === 0 && unread.length === 0 && graph.sources.length >= moduleFloor;
process.exitCode = sound ? 0 : 1;
