import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { referencePage } from "./config.ts";

test("docs/configuration.md says what the program reads; else: npm run docs", async () => {
  const page = await readFile(new URL("../../../docs/configuration.md", import.meta.url), "utf8");
  expect(page).toBe(referencePage());
});
