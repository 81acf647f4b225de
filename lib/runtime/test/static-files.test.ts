import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readStaticFiles } from "@flyte-dataplane/runtime/server";
import { afterAll, beforeAll, expect, test } from "vitest";

let path: string;
let folder: URL;
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), "fdp-static-"));
  folder = pathToFileURL(`${path}/`);
});
afterAll(() => rm(path, { recursive: true }));

test("a file keeps its tag as long as its content, and no longer", async () => {
  const tagOf = async (content: string) => {
    await writeFile(join(path, "a.css"), content);
    const [file] = await readStaticFiles(folder, ["a.css"]);
    expect(file?.bytes.toString()).toBe(content);
    return file?.etag;
  };
  const first = await tagOf("p {}");
  expect(first).toMatch(/^"[\w-]+"$/);
  expect(await tagOf("p {}")).toBe(first);
  expect(await tagOf("b {}")).not.toBe(first);
});

test("a file that is missing, or of a kind without a type, is refused", async () => {
  await expect(readStaticFiles(folder, ["none.js"])).rejects.toThrow("none.js");
  await writeFile(join(path, "a.exe"), "");
  await expect(readStaticFiles(folder, ["a.exe"])).rejects.toThrow('"a.exe"');
});
