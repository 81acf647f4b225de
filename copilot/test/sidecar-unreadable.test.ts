import { spawnSync } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readError, readTree, simple, type Type, unionOf, writeTree } from "./documents.ts";
import { inFolder, run } from "./program.ts";
import { places, publishIn, sidecarArgs } from "./sidecar-run.ts";

/** All of it may be absent, so that an empty directory would do. */
const types: Readonly<Record<string, Type>> = { x: unionOf(simple("INTEGER"), simple("NONE")) };

describe("an output directory that is there and cannot be read", () => {
  it.each([
    { name: "a file", code: "ENOTDIR", make: (local: string) => writeFile(local, "") },
    { name: "a link to itself", code: "ELOOP", make: (local: string) => symlink("local", local) },
  ])("as $name is a failure that names it, not outputs that are absent [copilot 79]", async ({ make, code }) => {
    await inFolder(async (folder) => {
      const { local, output } = places(folder);
      await make(local);
      const { status } = await publishIn(folder, { types });
      expect(status).toBe(0);
      const { message } = (await readError(output)) ?? {};
      expect(message).toContain(code);
      expect(message).toContain(local);
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });

  const asNobody = ["setpriv", "--reuid=65532", "--regid=65532", "--clear-groups", "--inh-caps=-all"];
  const mayChange =
    process.getuid?.() === 0 && spawnSync(asNobody[0] ?? "", [...asNobody.slice(1), "true"]).status === 0;

  it.skipIf(!mayChange)("for want of a right is such a failure (needs root and setpriv)", async () => {
    await inFolder(async (folder) => {
      const { local, output } = places(folder);
      await mkdir(local, { mode: 0o700 });
      await mkdir(output, { recursive: true });
      for (const each of [folder, path.join(folder, "run")]) await chmod(each, 0o755);
      await chmod(output, 0o777);
      const args = [...sidecarArgs(folder, { types }), "--start-watcher-type", "noop"];
      const { status } = await run(args, { cwd: "/", before: asNobody, env: { PATH: process.env["PATH"] ?? "" } });
      expect(status).toBe(0);
      expect((await readError(output))?.message).toContain("EACCES");
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });

  it("that is absent is empty", async () => {
    await inFolder(async (folder) => {
      const { output } = await publishIn(folder, { types });
      expect(Object.keys(await readTree(output))).toEqual(["outputs.pb"]);
    });
  });
});

describe("a file of the task's exit status that is there and cannot be read", () => {
  it.each([
    { name: "a folder", says: "no regular file", make: (file: string) => mkdir(file) },
    { name: "a link to itself", says: "ELOOP", make: (file: string) => symlink("status", file) },
    { name: "too much", says: "bytes", make: (file: string) => writeFile(file, "0".repeat(65)) },
  ])("as $name is a failure: it may say that the task failed [copilot B16]", async ({ make, says }) => {
    await inFolder(async (folder) => {
      const { local, output } = places(folder);
      await writeTree(local, { x: "7" });
      const file = path.join(folder, "status");
      await make(file);
      await publishIn(folder, { types, flags: ["--copilot.primary-status-file", file] });
      const { message } = (await readError(output)) ?? {};
      expect(message).toContain(file);
      expect(message).toContain(says);
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });
});
