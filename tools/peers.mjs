// @ts-check
// `npm run tools`: gets the programs that suites are held against into a cache folder, each once.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { toolsFolder } from "./peers/cache.mjs";
import { getPeer } from "./peers/get.mjs";
import { peers } from "./peers/list.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const all = peers(process.platform, process.arch);
const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(`npm run tools -- [--list] [--only NAME]...
Gets every peer that a suite needs today into ${toolsFolder(process.env)} (FLYTE_DATAPLANE_TOOLS names another folder).
  --list       names, purposes, and what each of the others waits for
  --only NAME  that peer, also one that no suite needs yet`);
} else if (options.list) {
  for (const { name, purpose, recipe, waitsFor } of all) {
    const version = recipe && !name.endsWith(recipe.version) ? ` (${recipe.version})` : "";
    console.log(`${name}${version}: ${purpose}${waitsFor ? `; waits for ${waitsFor}` : ""}`);
  }
} else {
  process.exitCode = await get();
}

/** @returns {Promise<number>} 1 when a peer could not be got, 2 for a name that is none */
async function get() {
  const unknown = options.only.filter((name) => !all.some((peer) => peer.name === name));
  if (unknown.length > 0) {
    console.error(`no peer ${unknown.join(", ")}; known: ${all.map((peer) => peer.name).join(", ")}`);
    return 2;
  }
  const wanted = all.filter((peer) => (options.only.length > 0 ? options.only.includes(peer.name) : !peer.waitsFor));
  let failed = 0;
  for (const peer of wanted) {
    try {
      console.log(`${peer.name}: ${await getPeer(root, peer)}`);
    } catch (error) {
      failed += 1;
      console.error(error instanceof Error ? error.message : String(error));
    }
  }
  console.log(`${wanted.length - failed} of ${wanted.length} peers in ${toolsFolder(process.env)}`);
  return failed === 0 ? 0 : 1;
}
