import { readdir, rename, utimes } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { blob, readTree, writeInputs, writeTree } from "./documents.ts";
import { directory, file, text } from "./download-run.ts";
import { inFolder, run, start } from "./program.ts";
import { places, publishIn, startSidecar } from "./sidecar-run.ts";

const isPartial = (name: string): boolean => path.basename(name).startsWith(".partial-");

async function partials(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter(isPartial);
}

/** As old as what somebody left who ended long ago. */
async function age(file: string): Promise<void> {
  await utimes(file, 1_000_000, 1_000_000);
}

describe("what a killed download left half-written", () => {
  it("is gone after the next one into the same folder, and all inputs are whole [copilot B18]", async () => {
    await inFolder(async (folder) => {
      const large = "x".repeat(60_000_000);
      await writeTree(path.join(folder, "data"), { large, "tree/a": large });
      const inputs = { x: file(`${folder}/data/large`), d: directory(`${folder}/data/tree`) };
      const local = path.join(folder, "in");
      const remote = await writeInputs(path.join(folder, "run"), inputs);
      const flags = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "--to-local-dir", local];
      const words = ["--storage.limits.maxDownloadMBs=0", "download", ...flags];
      const { child, ended } = start(words);
      while (child.exitCode === null && (await partials(local)).length === 0) await pause(1);
      child.kill("SIGKILL");
      await ended;
      expect((await partials(local)).length).toBeGreaterThan(0);
      expect((await run(words)).status).toBe(0);
      const { "inputs.pb": _message, "inputs.json": _json, ...staged } = await readTree(local);
      expect(staged).toEqual({ x: large, "d/a": large });
    });
  });

  it("stays where it changes still, or lies in a folder of no input", async () => {
    await inFolder(async (folder) => {
      const name = ".partial-0123456789abcdef";
      const local = path.join(folder, "in");
      await writeTree(folder, { [`in/${name}`]: "", [`in/other/${name}`]: "", [`in/d/e/${name}`]: "", "data/f": "" });
      await age(path.join(local, "other", name));
      await age(path.join(local, "d", "e", name));
      const later = new Date(Date.now() + 3_600_000);
      await utimes(path.join(local, name), later, later);
      const remote = await writeInputs(path.join(folder, "run"), { d: directory(`${folder}/data`), t: text("") });
      await run(["download", "--from-remote", remote, "--to-output-prefix", `${folder}/out`, "--to-local-dir", local]);
      expect([...(await partials(local))].sort()).toEqual([name, `other/${name}`]);
    });
  });
});

describe("what a killed sidecar left half-written in a store of files", () => {
  it("is no object: a download of the folder does not bring it, nor does another sidecar's folder have it", async () => {
    await inFolder(async (folder) => {
      const { local, raw, output } = places(folder);
      const task = { types: { d: blob(1) } };
      await writeTree(local, { "d/a": "x".repeat(60_000_000) });
      const { child, ended } = startSidecar(folder, { ...task, flags: ["--start-watcher-type", "noop"] });
      while (child.exitCode === null && (await partials(raw)).length === 0) await pause(1);
      child.kill("SIGKILL");
      await ended;
      const [left = ""] = await partials(raw);
      expect(left).not.toBe("");
      // A smaller tree in the same place: a task's next attempt need not leave the same.
      await rename(path.join(local, "d/a"), path.join(folder, "gone"));
      await writeTree(local, { "d/b": "b" });
      expect((await publishIn(folder, task)).status).toBe(0);
      expect(await partials(raw)).toEqual([left]);
      const into = path.join(folder, "in");
      const flags = ["--from-remote", `${output}/outputs.pb`, "--to-output-prefix", `${folder}/out`];
      expect((await run(["download", ...flags, "--to-local-dir", into])).status).toBe(0);
      expect(await readTree(path.join(into, "d"))).toEqual({ b: "b" });
    });
  });
});
