// @ts-check
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { once, toolsFolder } from "./cache.mjs";

let cache = "";
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), "tools-cache-"));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

test("a folder is filled once and found afterwards", async () => {
  let fills = 0;
  const fill = async (/** @type {string} */ scratch) => {
    fills += 1;
    writeFileSync(path.join(scratch, "program"), "");
  };
  const folder = path.join(cache, "deep", "peer-1.0");
  await once(folder, fill);
  await once(folder, fill);
  expect(fills).toBe(1);
  expect(readdirSync(path.join(cache, "deep"))).toEqual(["peer-1.0"]);
  expect(existsSync(path.join(folder, "program"))).toBe(true);
});

test("an attempt that fails leaves nothing behind", async () => {
  const attempt = once(path.join(cache, "peer-1.0"), async (scratch) => {
    writeFileSync(path.join(scratch, "half"), "");
    throw new Error("no network");
  });
  await expect(attempt).rejects.toThrow("no network");
  expect(readdirSync(cache)).toEqual([]);
});

test("the environment names another folder, and an empty name does not", () => {
  expect(toolsFolder({ FLYTE_DATAPLANE_TOOLS: "/elsewhere" })).toBe("/elsewhere");
  expect(toolsFolder({ FLYTE_DATAPLANE_TOOLS: "" })).toMatch(/\.cache\/flyte-dataplane\/tools$/);
});
