// @ts-check
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { absentPackages, complete, platformOf } from "./complete.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
const { packages } = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));

test("the lock file has an entry for every platform's packages; node tools/complete-lockfile.mjs adds them", () => {
  expect(absentPackages(packages)).toEqual([]);
});

test("the lock file names no registry", () => {
  /** @type {import("./complete.mjs").LockEntry[]} */
  const entries = Object.values(packages);
  expect(entries.filter((entry) => entry.resolved?.includes("://"))).toEqual([]);
});

test.each([
  { name: "@a/cli-darwin-arm64", platform: { os: ["darwin"], cpu: ["arm64"] } },
  { name: "@a/cli-linux-x64-musl", platform: { os: ["linux"], cpu: ["x64"], libc: ["musl"] } },
  { name: "@a/binding-linux-arm-gnueabihf", platform: { os: ["linux"], cpu: ["arm"], libc: ["glibc"] } },
  { name: "@a/binding-win32-ia32-msvc", platform: { os: ["win32"], cpu: ["ia32"] } },
  { name: "@a/buf-linux-armv7", platform: { os: ["linux"], cpu: ["arm"] } },
  { name: "@a/wasm", platform: undefined },
])("$name is read as the platform that it says", ({ name, platform }) => {
  expect(platformOf(name)).toEqual(platform);
});

test("a platform's package is added as an optional entry, once, beside what was there", () => {
  const before = {
    "node_modules/tool": {
      version: "1.0.0",
      dev: true,
      optionalDependencies: { "@t/linux-x64": "1.0.0", "@t/darwin-x64": "1.0.0" },
    },
    "node_modules/@t/linux-x64": { version: "1.0.0" },
  };
  const { packages: after, added } = complete(before);
  expect(added).toEqual(["@t/darwin-x64"]);
  expect(after["node_modules/@t/darwin-x64"]).toEqual({
    version: "1.0.0",
    cpu: ["x64"],
    dev: true,
    optional: true,
    os: ["darwin"],
  });
  expect(complete(after).added).toEqual([]);
});

test("a package whose name says no platform is left to the reader", () => {
  const { added, unknown } = complete({ "node_modules/tool": { optionalDependencies: { fsevents: "1.0.0" } } });
  expect(added).toEqual([]);
  expect(unknown).toEqual([{ name: "fsevents", version: "1.0.0", by: "node_modules/tool" }]);
});
