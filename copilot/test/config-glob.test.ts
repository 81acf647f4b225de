import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { matchFiles } from "../src/config/glob.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "flyte-copilot-glob-"));
  for (const name of ["b.yaml", "a.yaml", "c.yml", "a[1].yaml", ".hidden.yaml"])
    await writeFile(path.join(folder, name), "");
  await mkdir(path.join(folder, "sub.yaml"));
  await writeFile(path.join(folder, "sub.yaml", "d.yaml"), "");
  await symlink("sub.yaml/d.yaml", path.join(folder, "link.yaml"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("a pattern of files", () => {
  it.each([
    { pattern: "*.yaml", found: [".hidden.yaml", "a.yaml", "a[1].yaml", "b.yaml", "link.yaml"] },
    { pattern: "a.yaml", found: ["a.yaml"] },
    { pattern: "[ab].y?ml", found: ["a.yaml", "b.yaml"] },
    { pattern: "[^a-b].yml", found: ["c.yml"] },
    { pattern: "a\\[1].yaml", found: ["a[1].yaml"] },
    { pattern: "*/d.yaml", found: ["sub.yaml/d.yaml"] },
    { pattern: "none/*.yaml", found: [] },
    { pattern: "sub.yaml", found: [] },
    { pattern: "[a.yaml", found: [] },
  ])("$pattern finds $found", ({ pattern, found }) => {
    expect(matchFiles(`${folder}/${pattern}`)).toEqual(found.map((name) => path.join(folder, name)));
  });
});
