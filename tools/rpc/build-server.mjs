// @ts-check
// Packs the server that the official conformance suite calls into one file, and its messages into descriptors.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

/**
 * @param {string} root the repository's top folder
 * @param {string} suite the folder of `server-child.ts` and `conformance.proto`
 * @returns {Promise<{ program: string, descriptors: string }>}
 */
export async function buildConformanceServer(root, suite) {
  const folder = path.join(root, "node_modules", ".cache", "conformance");
  mkdirSync(folder, { recursive: true });
  const program = path.join(folder, "server.mjs");
  const descriptors = path.join(folder, "conformance.binpb");
  execFileSync(path.join(root, "node_modules", ".bin", "buf"), ["build", suite, "--output", descriptors], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  await build({
    entryPoints: [path.join(suite, "server-child.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    // What fastify takes from CommonJS asks for it.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  return { program, descriptors };
}
