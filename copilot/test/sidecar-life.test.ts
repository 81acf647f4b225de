import { readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { blob, readError, readPlain, readTree, simple, writeTree } from "./documents.ts";
import { file, stage } from "./download-run.ts";
import { inFolder, run, untilReady } from "./program.ts";
import { places, published, publishIn, sidecarArgs, startSidecar } from "./sidecar-run.ts";

async function caughtSignals(pid: number | undefined): Promise<bigint> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
}

describe("the sidecar's life", () => {
  it("waits for SIGTERM and publishes what the task left by then [copilot 60]", async () => {
    await inFolder(async (folder) => {
      const { local, output } = places(folder);
      const { child, ended } = startSidecar(folder, { types: { x: simple("INTEGER") } });
      await untilReady(folder);
      expect(child.exitCode).toBeNull();
      await expect(readTree(output)).rejects.toThrow("ENOENT");
      await writeTree(local, { x: "7" });
      child.kill("SIGTERM");
      expect((await ended).status).toBe(0);
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({ x: { kind: "integer", value: 7n } });
    });
  });

  it("ready says yes while the sidecar listens, and no after its end, also a sudden one [copilot B10]", async () => {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      await inFolder(async (folder) => {
        const { child, ended } = startSidecar(folder, { types: { x: simple("INTEGER") } });
        await untilReady(folder);
        child.kill(signal);
        await ended;
        expect((await run(["ready"], { cwd: folder })).status).toBe(1);
      });
    }
  });

  it("a SIGTERM right after ready is never lost, however often it is tried [copilot B10]", async () => {
    await inFolder(async (folder) => {
      for (let round = 0; round < 5; round++) {
        const place = path.join(folder, round.toString());
        await writeTree(places(place).local, { x: "1" });
        const { child, ended } = startSidecar(place, { types: { x: simple("INTEGER") } });
        await untilReady(place);
        child.kill("SIGTERM");
        expect((await ended).status).toBe(0);
        expect(await readTree(places(place).output)).toHaveProperty("outputs.pb");
      }
    });
  });

  it("a second SIGTERM does not stop the upload [copilot B11]", async () => {
    await inFolder(async (folder) => {
      const { local, output, raw } = places(folder);
      const files = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`d/${index}`, "x".repeat(10_000)]));
      await writeTree(local, files);
      const { child, ended } = startSidecar(folder, { types: { d: blob(1) } });
      await untilReady(folder);
      child.kill("SIGTERM");
      let sent = 0;
      const nagging = (async () => {
        while (child.exitCode === null) {
          child.kill("SIGTERM");
          sent += 1;
          await pause(1);
        }
      })();
      expect((await ended).status).toBe(0);
      await nagging;
      expect(sent).toBeGreaterThan(3);
      expect(await readTree(raw)).toEqual(files);
      expect(Object.keys(await readTree(output))).toEqual(["outputs.pb"]);
    });
  });

  it("with noop begins at once; an unknown watcher is reported [copilot 61]", async () => {
    await published({ types: { x: simple("STRING") }, files: { x: "1" } }, async ({ status, output }) => {
      expect(status).toBe(0);
      expect(await readTree(output)).toHaveProperty("outputs.pb");
    });
    await inFolder(async (folder) => {
      const { status } = await run([
        ...sidecarArgs(folder, { types: { x: simple("STRING") } }),
        "--start-watcher-type",
        "file",
      ]);
      expect(status).toBe(0);
      expect(await readError(places(folder).output)).toMatchObject({ code: "OutputUploadFailed" });
    });
  });

  it.each(["signal", "noop"])("--exit-watcher-type %s changes nothing [copilot 62]", async (type) => {
    const task = { types: { x: simple("STRING") }, files: { x: "1" }, flags: ["--exit-watcher-type", type] };
    await published(task, async ({ status, output }) => {
      expect(status).toBe(0);
      expect(Object.keys(await readTree(output))).toEqual(["outputs.pb"]);
    });
  });

  it("a broken interface is reported [copilot 64]", async () => {
    await inFolder(async (folder) => {
      const { output, local } = places(folder);
      const flags = ["--to-output-prefix", output, "--from-local-dir", local, "--start-watcher-type", "noop"];
      const { status } = await run(["sidecar", "--interface", "/////w==", ...flags]);
      expect(status).toBe(0);
      expect(await readError(output)).toMatchObject({ code: "OutputUploadFailed" });
    });
  });

  it("with invalid options reports once and then waits for SIGTERM [copilot B14]", async () => {
    await inFolder(async (folder) => {
      const { child, ended } = startSidecar(folder, { types: { x: simple("STRING") }, flags: ["--format", "XML"] });
      await untilReady(folder);
      expect((await readError(places(folder).output))?.message).toContain("--format");
      expect(child.exitCode).toBeNull();
      child.kill("SIGTERM");
      expect((await ended).status).toBe(0);
    });
  });

  it("leaves an earlier report of the attempt as it is [copilot B4]", async () => {
    await inFolder(async (folder) => {
      await writeTree(places(folder).output, { "error.pb": "the cause" });
      const { status, output } = await publishIn(folder, { types: { x: simple("STRING") } });
      expect(status).toBe(0);
      expect(await readTree(output)).toEqual({ "error.pb": "the cause" });
    });
  });

  it("publishes nothing of a task that ran on inputs whose staging had failed, whatever it left [copilot B4]", async () => {
    await inFolder(async (folder) => {
      const { output } = await stage(folder, { i: file(`${folder}/gone`) });
      const reported = await readTree(output);
      expect(Object.keys(reported).sort()).toEqual(["error.pb", "errors.pb"]);
      await writeTree(places(folder).local, { o: "1" });
      const { status } = await publishIn(folder, { types: { o: simple("INTEGER") }, inputs: { i: blob(0) } });
      expect(status).toBe(0);
      expect(await readTree(output)).toEqual(reported);
    });
  });

  it("goes on where its marker finds no room on the disk", async () => {
    await inFolder(async (folder) => {
      await symlink("/dev/full", path.join(folder, ".flyte-copilot-ready"));
      await writeTree(places(folder).local, { x: "7" });
      const { child, ended } = startSidecar(folder, { types: { x: simple("INTEGER") } });
      // Bit 22: the signal that is caught right after SIGTERM.
      while (((await caughtSignals(child.pid)) & (1n << 22n)) === 0n) await pause(10);
      child.kill("SIGTERM");
      expect((await ended).status).toBe(0);
      expect(await readTree(places(folder).output)).toHaveProperty("outputs.pb");
    });
  });

  it("exits 1 when its report cannot be written", async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { run: "a file where the prefix should be" });
      const { status, stderr } = await publishIn(folder, { types: { x: simple("STRING") } });
      expect(status).toBe(1);
      expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^Error: /);
    });
  });
});

describe("the task's own error", () => {
  const types = { x: simple("STRING") };

  it("is the failure, with its text, and no outputs are published [copilot 65]", async () => {
    await published({ types, files: { x: "1", _ERROR: " it broke\n" } }, async ({ status, output }) => {
      expect(status).toBe(0);
      expect(await readError(output)).toEqual({
        code: "OutputUploadFailed",
        message: "User Error:  it broke\n",
        recoverable: true,
        origin: "user",
      });
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });

  it("is a failure also when empty; a mebibyte is reported in full, one byte more is too large [copilot 66]", async () => {
    await published({ types, files: { x: "1", _ERROR: "" } }, async ({ output }) => {
      expect((await readError(output))?.message).toBe("User Error: ");
    });
    const mebibyte = "e".repeat(1024 * 1024);
    await published({ types, files: { x: "1", _ERROR: mebibyte } }, async ({ output }) => {
      expect((await readError(output))?.message).toBe(`User Error: ${mebibyte}`);
    });
    await published({ types, files: { x: "1", _ERROR: `${mebibyte}e` } }, async ({ output }) => {
      expect((await readError(output))?.message).toContain("too large");
    });
  });

  it("as a link out of the directory is a failure that does not show what it leads to [copilot B39]", async () => {
    await inFolder(async (folder) => {
      const { local, output } = places(folder);
      await writeTree(local, { x: "1" });
      await writeFile(path.join(folder, "secret"), "SECRET");
      await symlink("../secret", path.join(local, "_ERROR"));
      const { status, stderr } = await publishIn(folder, { types });
      expect(status).toBe(0);
      const report = await readError(output);
      expect(report).toMatchObject({ origin: "user", message: expect.stringContaining("link") as string });
      expect(`${report?.message}${stderr}`).not.toContain("SECRET");
    });
  });

  it("as a folder is a failure [copilot 67]", async () => {
    await published({ types, files: { x: "1", "_ERROR/inner": "" } }, async ({ status, output }) => {
      expect(status).toBe(0);
      expect(await readError(output)).toBeDefined();
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });

  it("may be JSON with code, message and recoverable [copilot B6]", async () => {
    const said = JSON.stringify({ code: "BadInput", message: "no such column", recoverable: false });
    await published({ types, files: { _ERROR: said } }, async ({ output }) => {
      expect(await readError(output)).toEqual({
        code: "BadInput",
        message: "no such column",
        recoverable: false,
        origin: "user",
      });
    });
    await published({ types, files: { _ERROR: "{not json" } }, async ({ output }) => {
      expect((await readError(output))?.message).toBe("User Error: {not json");
    });
  });

  it("that is not UTF-8 is shown lossily [copilot B56]", async () => {
    await published({ types, files: { _ERROR: Uint8Array.of(0x61, 0xff, 0x62) } }, async ({ status, output }) => {
      expect(status).toBe(0);
      expect((await readError(output))?.message).toBe("User Error: a\ufffdb");
    });
  });
});

describe("reports", () => {
  it.each([
    { name: "a value that is not of its type", files: { x: "seven" } },
    { name: "a value that is too large", files: { x: "7".repeat(1025) } },
    { name: "an output that is missing", files: {} },
  ])("of $name blame the user, and of the store the system [copilot B5]", async ({ files }) => {
    await published({ types: { x: simple("INTEGER") }, files }, async ({ output }) => {
      expect(await readError(output)).toMatchObject({ origin: "user", recoverable: true });
    });
    await published(
      { types: { x: simple("INTEGER") }, files: { _ERROR: '{"message":"m","recoverable":false}' } },
      async ({ output }) => {
        expect(await readError(output)).toMatchObject({ origin: "user", recoverable: false });
      },
    );
    await published(
      { types: { x: blob(0) }, files: { x: "1" }, flags: ["--to-raw-output", "/proc/nowhere"] },
      async ({ output }) => {
        expect(await readError(output)).toMatchObject({ origin: "system", recoverable: true });
      },
    );
  });

  it("of a time limit that passed follow within moments, and nothing is announced or left half", async () => {
    await inFolder(async (folder) => {
      await writeTree(places(folder).local, { x: new Uint8Array(80_000_000) });
      const { status, output, raw } = await publishIn(folder, { types: { x: blob(0) }, flags: ["--timeout", "5ms"] });
      expect(status).toBe(0);
      expect((await readError(output))?.message).toContain("time limit");
      expect(await readTree(raw).catch(() => ({}))).toEqual({});
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });

  it("of transfer failures are recoverable and the exit is 0 [copilot 81,82]", async () => {
    await inFolder(async (folder) => {
      const { local, raw, output } = places(folder);
      await writeTree(local, { x: "1" });
      await writeFile(raw, "a file where the folder of data should be");
      const { status } = await publishIn(folder, { types: { x: blob(0) } });
      expect(status).toBe(0);
      expect(await readError(output)).toMatchObject({
        code: "OutputUploadFailed",
        recoverable: true,
        origin: "system",
      });
    });
  });
});
