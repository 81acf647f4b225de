// @ts-check
// `node tools/complete-lockfile.mjs`, after npm changed package-lock.json: adds other platforms' packages that it dropped.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { complete } from "./lockfile/complete.mjs";

const file = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8"));
const { packages, added, unknown } = complete(lock.packages);
if (added.length > 0) writeFileSync(file, `${JSON.stringify({ ...lock, packages }, undefined, 2)}\n`);
for (const { name, by } of unknown) console.error(`${name}, asked for by ${by}: add it by hand`);
console.log(`package-lock.json: ${added.length} entries added`);
process.exitCode = unknown.length === 0 ? 0 : 1;
