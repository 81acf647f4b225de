import { readdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { blob, readError, readTree, simple, writeTree } from "./documents.ts";
import { inFolder, untilReady } from "./program.ts";
import { places, startSidecar } from "./sidecar-run.ts";

const types = { x: simple("INTEGER") };
const stale = { "error.pb": "of an earlier pod", "errors.pb": "of an earlier pod" };

async function untilGone(folder: string): Promise<void> {
  while ((await readdir(folder)).length > 0) await pause(10);
}

describe("a report that an earlier pod of the attempt left, for a task without inputs", () => {
  it("does not keep a failure of this pod from being reported [copilot B4]", async () => {
    await inFolder(async (folder) => {
      const { local, output } = places(folder);
      await writeTree(output, stale);
      const { child, ended } = startSidecar(folder, { types });
      await untilReady(folder);
      await writeTree(local, { x: "seven" });
      child.kill("SIGTERM");
      expect((await ended).status).toBe(0);
      expect((await readError(output))?.message).toContain('variable "x"');
      expect((await readError(output, "errors.pb"))?.message).toContain('variable "x"');
    });
  });

  it("does not keep wrong options from being reported [copilot B4,B14]", async () => {
    await inFolder(async (folder) => {
      const { output } = places(folder);
      await writeTree(output, stale);
      const { child, ended } = startSidecar(folder, { types, flags: ["--format", "XML"] });
      await untilReady(folder);
      expect((await readError(output))?.message).toContain("--format");
      child.kill("SIGTERM");
      expect((await ended).status).toBe(0);
    });
  });

  it("is gone before the task ends, so that one made while it runs is its own and stays [copilot B2,B4]", async () => {
    await inFolder(async (folder) => {
      const { output } = places(folder);
      await writeTree(output, stale);
      const { child, ended } = startSidecar(folder, { types });
      await untilGone(output);
      await writeTree(output, { "error.pb": "the cause" });
      child.kill("SIGTERM");
      expect((await ended).status).toBe(0);
      expect(await readTree(output)).toEqual({ "error.pb": "the cause" });
    });
  });

  it("stays where it cannot be removed, and the sidecar waits for its task all the same", async () => {
    await inFolder(async (folder) => {
      const { local, output } = places(folder);
      // A folder in its place: no store removes that as an object.
      await writeTree(path.join(output, "error.pb"), { inner: "" });
      const { child, ended } = startSidecar(folder, { types });
      await untilReady(folder);
      await writeTree(local, { x: "7" });
      child.kill("SIGTERM");
      expect((await ended).status).toBe(0);
      expect(await readTree(output)).toHaveProperty("outputs.pb");
    });
  });

  it("of a task with inputs is what its staging said, and stays [copilot B4]", async () => {
    await inFolder(async (folder) => {
      const { local, output } = places(folder);
      await writeTree(output, stale);
      const { child, ended } = startSidecar(folder, { types, inputs: { i: blob(0) } });
      await untilReady(folder);
      await writeTree(local, { x: "7" });
      child.kill("SIGTERM");
      expect((await ended).status).toBe(0);
      expect(await readTree(output)).toEqual(stale);
    });
  });
});
