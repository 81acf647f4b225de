// @ts-check
// Makes the harness runnable on the oldest Node: one module, packages outside it.
import path from "node:path";
import { build } from "esbuild";

/**
 * Packages that it imports must be built.
 * @param {string} root
 * @returns {Promise<typeof import("../../test/harness/harness.ts")>}
 */
export async function bundleHarness(root) {
  const outfile = path.join(root, "node_modules", ".cache", "harness", `${process.pid}.mjs`);
  await build({
    entryPoints: [path.join(root, "test", "harness", "harness.ts")],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "inline",
    logLevel: "warning",
  });
  process.setSourceMapsEnabled(true);
  return await import(outfile);
}
