import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { blob, readError, readPlain, readTree, simple, writeTree } from "./documents.ts";
import { inFolder, run, untilReady } from "./program.ts";
import { places, published, publishIn, sidecarArgs, startSidecar } from "./sidecar-run.ts";

const x = { types: { x: simple("INTEGER") } };

describe("a success marker", () => {
  const task = { ...x, flags: ["--copilot.success-marker"] };

  it("begins the upload without a signal [copilot B15]", async () => {
    await inFolder(async (folder) => {
      const { local, output } = places(folder);
      const { child, ended } = startSidecar(folder, task);
      await untilReady(folder);
      await writeTree(local, { x: "7" });
      expect(child.exitCode).toBeNull();
      await writeTree(local, { _SUCCESS: "" });
      expect((await ended).status).toBe(0);
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({ x: { kind: "integer", value: 7n } });
    });
  });

  it("is not needed: the signal begins the upload too, and nobody else looks for the marker [copilot B15]", async () => {
    for (const flags of [task.flags, []]) {
      await inFolder(async (folder) => {
        const { local, output } = places(folder);
        await writeTree(local, { x: "7", ...(flags.length === 0 && { _SUCCESS: "" }) });
        const { child, ended } = startSidecar(folder, { ...x, flags });
        await untilReady(folder);
        await expect(readTree(output)).rejects.toThrow("ENOENT");
        child.kill("SIGTERM");
        expect((await ended).status).toBe(0);
        expect(await readTree(output)).toHaveProperty("outputs.pb");
      });
    }
  });
});

describe("the status of the primary", () => {
  it.each([
    { status: "0\n", publishes: true },
    { status: "3\n", publishes: false },
    { status: "137", publishes: false },
    { status: "soon", publishes: true },
    { status: undefined, publishes: true },
  ])("that is $status: outputs published: $publishes [copilot B16]", async ({ status, publishes }) => {
    await inFolder(async (folder) => {
      const { local } = places(folder);
      await writeTree(local, { x: "data" });
      const file = path.join(folder, "status");
      if (status !== undefined) await writeFile(file, status);
      const flags = ["--copilot.primary-status-file", file];
      const { output, raw } = await publishIn(folder, { types: { x: blob(0) }, flags });
      if (publishes) {
        expect(Object.keys(await readTree(output))).toEqual(["outputs.pb"]);
      } else {
        expect(await readError(output)).toMatchObject({
          message: expect.stringContaining(`status ${status?.trim()}`) as string,
          origin: "user",
          recoverable: true,
        });
        await expect(readTree(raw)).rejects.toThrow("ENOENT");
      }
    });
  });

  it("tells less than the task's own error", async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { status: "3", "local/_ERROR": "why" });
      const flags = ["--copilot.primary-status-file", path.join(folder, "status")];
      const { output } = await publishIn(folder, { ...x, flags });
      expect((await readError(output))?.message).toBe("User Error: why");
    });
  });
});

describe("a task without outputs", () => {
  const flags = ["--copilot.void-outputs"];

  it("is waited for, where that is asked, and gets an empty message [copilot B17]", async () => {
    for (const withInterface of [true, false]) {
      await inFolder(async (folder) => {
        const { output } = places(folder);
        const words = sidecarArgs(folder, { types: {}, flags });
        const at = words.indexOf("--interface");
        const { child, ended } = startSidecar(folder, { types: {}, flags });
        await untilReady(folder);
        await expect(readTree(output)).rejects.toThrow("ENOENT");
        child.kill("SIGTERM");
        expect((await ended).status).toBe(0);
        if (!withInterface) await run([...words.slice(0, at), ...words.slice(at + 2), "--start-watcher-type", "noop"]);
        expect(await readTree(output)).toEqual({ "outputs.pb": "" });
      });
    }
  });

  it("is failed by its own error [copilot B17]", async () => {
    await published({ types: {}, files: { _ERROR: "it broke" }, flags }, async ({ output }) => {
      expect(await readError(output)).toMatchObject({ message: "User Error: it broke", origin: "user" });
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });
});

describe("the time before the grace period ends", () => {
  it("that is no shorter than the limit is an invalid option, reported once", async () => {
    const flags = ["--timeout", "10s", "--copilot.report-margin", "10s"];
    await published({ ...x, files: { x: "1" }, flags }, async ({ status, output }) => {
      expect(status).toBe(0);
      expect(await readError(output)).toMatchObject({
        message: expect.stringContaining("report-margin") as string,
        origin: "user",
      });
    });
  });
});
