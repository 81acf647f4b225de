// @ts-check
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { importGraph, typescriptSources } from "./import-graph.mjs";

/** @type {string[]} */
const roots = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** One violation per rule, planted in an otherwise sound tree: the importing file, and what it imports. */
const planted = [
  { rule: "proto-is-the-bottom", file: "proto/build-order.mjs", imports: "@flyte-dataplane/core" },
  { rule: "core-is-the-bottom", file: "lib/core/src/errors.ts", imports: "@flyte-dataplane/storage" },
  { rule: "libraries-know-no-service", file: "lib/storage/src/bucket.ts", imports: "@flyte-dataplane/dataproxy" },
  { rule: "libraries-are-islands", file: "lib/storage/src/bucket.ts", imports: "@flyte-dataplane/runtime" },
  { rule: "services-are-islands", file: "dataproxy/src/routes.ts", imports: "@flyte-dataplane/cache-service" },
  { rule: "services-are-islands", file: "api/src/routes.ts", imports: "@flyte-dataplane/manager" },
  { rule: "nothing-points-at-the-top", file: "manager/src/main.ts", imports: "../../test/e2e/server-process.ts" },
  { rule: "only-tests-use-test-support", file: "controller/src/pod.ts", imports: "@flyte-dataplane/test-support" },
  { rule: "test-support-is-a-leaf", file: "test/support/src/fake.ts", imports: "@flyte-dataplane/api" },
  { rule: "public-entries-only", file: "manager/src/main.ts", imports: "../../lib/core/src/index.ts" },
  { rule: "sdk-stays-in-its-driver", file: "lib/storage/src/bucket.ts", imports: "@aws-sdk/client-s3" },
  { rule: "sdk-stays-in-its-driver", file: "dataproxy/src/routes.ts", imports: "@google-cloud/storage" },
  { rule: "kubernetes-client-stays-in-its-library", file: "controller/src/pod.ts", imports: "@kubernetes/client-node" },
  { rule: "sockets-stay-at-the-edges", file: "lib/storage/src/bucket.ts", imports: "node:net" },
  { rule: "sockets-stay-at-the-edges", file: "copilot/src/main.ts", imports: "tls" },
  { rule: "contract-knows-no-driver", file: "lib/storage/src/driver.ts", imports: "./drivers/s3/driver.ts" },
  { rule: "no-cycles", file: "lib/core/src/uri.ts", imports: "./uri.ts", also: "lib/core/src/index.ts" },
  { rule: "everything-resolves", file: "copilot/src/main.ts", imports: "@flyte-dataplane/not-built" },
];

test.each(planted)("$rule refuses that $file imports $imports", async ({ rule, file, imports, also }) => {
  const root = soundTree();
  if (also) {
    write(root, file, `import "./index.ts";\nexport const here = 1;\n`);
    write(root, also, `import "${imports}";\nexport const there = 1;\n`);
  } else {
    write(root, file, `import "${imports}";\nexport const here = 1;\n`);
  }
  const { violations } = await importGraph(root);
  expect([...new Set(violations.map((violation) => violation.rule))]).toEqual([rule]);
});

test("every rule has a planted violation", () => {
  const { forbidden } = createRequire(import.meta.url)("../../.dependency-cruiser.cjs");
  const names = /** @type {{ name: string }[]} */ (forbidden).map((rule) => rule.name);
  expect([...new Set(planted.map((plant) => plant.rule))].sort()).toEqual(names.sort());
});

test("a tree that follows the rules has no violation and is read whole", async () => {
  const root = soundTree();
  const graph = await importGraph(root);
  expect(graph.violations).toEqual([]);
  expect(typescriptSources(root).filter((file) => !graph.sources.includes(file))).toEqual([]);
  expect(graph.edges).toBeGreaterThanOrEqual(12);
});

test("a cloud SDK inside its driver, sockets inside the byte mover and fakes or sockets inside a test are allowed", async () => {
  const root = soundTree();
  write(root, "lib/storage/src/drivers/s3/driver.ts", `import "@aws-sdk/client-s3";\nexport const s3 = 1;\n`);
  write(root, "controller/src/pod.test.ts", `import "@flyte-dataplane/test-support";\n`);
  write(root, "lib/storage/src/wire/dial.ts", `import "node:net";\nexport const dial = 1;\n`);
  write(root, "dataproxy/test/links.test.ts", `import "node:net";\n`);
  write(root, "lib/core/src/uri.fuzz.ts", `import "@flyte-dataplane/test-support";\n`);
  expect((await importGraph(root)).violations).toEqual([]);
});

/**
 * A small workspace with the real folders and package names, each package built, every allowed edge in use.
 * @returns {string} its root
 */
function soundTree() {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), "import-graph-")));
  roots.push(root);
  const above = {
    "lib/core": [],
    "lib/storage": ["core"],
    "lib/runtime": ["core"],
    copilot: ["core", "storage"],
    dataproxy: ["core", "storage", "runtime"],
    "cache-service": ["core", "runtime"],
    controller: ["core", "runtime"],
    api: ["core", "runtime"],
    manager: ["copilot", "dataproxy", "cache-service", "controller", "api"],
    "test/support": ["core"],
    "test/e2e": ["manager", "test-support"],
  };
  for (const [folder, siblings] of Object.entries(above)) {
    const name = folder === "test/support" ? "test-support" : path.basename(folder);
    const lines = siblings.map((sibling) => `import "@flyte-dataplane/${sibling}";\n`);
    write(root, `${folder}/src/index.ts`, `${lines.join("")}export const ${name.replaceAll("-", "_")} = 1;\n`);
    write(root, `${folder}/dist/index.js`, "export {};\n");
    link(root, `@flyte-dataplane/${name}`, folder);
  }
  write(root, "lib/storage/src/drivers/s3/driver.ts", "export const s3 = 1;\n");
  write(root, "test/e2e/server-process.ts", "export const start = 1;\n");
  for (const name of ["@aws-sdk/client-s3", "@google-cloud/storage", "@kubernetes/client-node"]) {
    write(root, `node_modules/${name}/dist/index.js`, "export {};\n");
    manifest(root, `node_modules/${name}`, name);
  }
  return root;
}

/**
 * @param {string} root
 * @param {string} name
 * @param {string} folder
 */
function link(root, name, folder) {
  manifest(root, folder, name);
  const at = path.join(root, "node_modules", name);
  mkdirSync(path.dirname(at), { recursive: true });
  symlinkSync(path.join(root, folder), at);
}

/**
 * @param {string} root
 * @param {string} folder
 * @param {string} name
 */
function manifest(root, folder, name) {
  write(root, `${folder}/package.json`, JSON.stringify({ name, type: "module", exports: { ".": "./dist/index.js" } }));
}

/**
 * @param {string} root
 * @param {string} file
 * @param {string} text
 */
function write(root, file, text) {
  const at = path.join(root, file);
  mkdirSync(path.dirname(at), { recursive: true });
  writeFileSync(at, text);
}
