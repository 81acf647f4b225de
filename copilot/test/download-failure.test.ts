import { mkdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fromPlain } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { readError, readTree, writeInputs, writeTree } from "./documents.ts";
import { directory, file, stage, staged, stageFrom, text } from "./download-run.ts";
import { inFolder, run } from "./program.ts";

describe("a download that fails", () => {
  it("without an output prefix exits 1 and writes nothing [copilot 24]", async () => {
    await inFolder(async (folder) => {
      const remote = await writeInputs(path.join(folder, "run"), { x: text("y") });
      const { status } = await run(["download", "--from-remote", remote, "--to-local-dir", `${folder}/in`]);
      expect(status).toBe(1);
      expect(Object.keys(await readTree(folder))).toEqual(["run/inputs.pb"]);
    });
  });

  it.each([
    { name: "no local folder", flags: ["--to-local-dir", ""] },
    { name: "no inputs message", flags: ["--from-remote", ""] },
    { name: "an unknown format", flags: ["--format", "json"] },
    { name: "an unknown layout", flags: ["--file-input-layout", "FLAT"] },
    { name: "an unknown mode", flags: ["--download-mode", "LAZY"] },
  ])("with $name is reported and exits 0 [copilot 25]", async ({ flags }) => {
    await staged(
      () => ({ x: text("y") }),
      flags,
      async ({ status, output }) => {
        expect(status).toBe(0);
        expect(await readError(output)).toMatchObject({ code: "InputDownloadFailed" });
      },
    );
  });

  it("in mode DOWNLOAD_STREAM is refused, not ignored [copilot B51]", async () => {
    await staged(
      () => ({ x: text("y") }),
      ["--download-mode", "DOWNLOAD_STREAM"],
      async ({ output }) => {
        expect((await readError(output))?.message).toContain("DOWNLOAD_STREAM");
      },
    );
  });

  it("reports under the controller's name and its own [copilot B1]", async () => {
    await staged(
      (folder) => ({ gone: file(`${folder}/absent`) }),
      [],
      async ({ output }) => {
        const report = await readError(output);
        expect(report).toBeDefined();
        expect(await readError(output, "errors.pb")).toEqual(report);
      },
    );
  });

  it("reports under another name alone when asked [copilot 78]", async () => {
    await staged(
      (folder) => ({ gone: file(`${folder}/absent`) }),
      ["--err-output-name", "mine.pb"],
      async ({ output }) => {
        expect(Object.keys(await readTree(output))).toEqual(["mine.pb"]);
      },
    );
  });

  it("names each variable, three causes of a folder, and is bounded [copilot B7]", async () => {
    await inFolder(async (folder) => {
      const over = new Uint8Array(1024 * 1024 + 1);
      await writeTree(
        path.join(folder, "data"),
        Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`d/f${index}`, over])),
      );
      const inputs = { d: directory(`${folder}/data/d`), g1: file(`${folder}/1`), g2: file(`${folder}/2`) };
      const { output } = await stage(folder, inputs, ["--storage.limits.maxDownloadMBs=1"]);
      const message = (await readError(output))?.message ?? "";
      for (const name of ["d", "g1", "g2"]) expect(message).toContain(`"${name}"`);
      const causes = new Set(message.match(/data\/d\/f\d/g)).size;
      expect(causes).toBeGreaterThan(0);
      expect(causes).toBeLessThanOrEqual(3);
    });
    await inFolder(async (folder) => {
      const inputs = Object.fromEntries(
        Array.from({ length: 1000 }, (_, index) => [`v${index}`, file(`${folder}/absent/${index}`)]),
      );
      const { output } = await stage(folder, inputs);
      expect((await readError(output))?.message.length).toBeLessThanOrEqual(16_384);
    });
  });

  it("names every variable that failed", async () => {
    await staged(
      (folder) => ({ g1: file(`${folder}/1`), g2: file(`${folder}/2`), fine: text("x") }),
      [],
      async ({ output }) => {
        const message = (await readError(output))?.message ?? "";
        expect(message).toContain('"g1"');
        expect(message).toContain('"g2"');
        expect(message).not.toContain('"fine"');
      },
    );
  });

  it("exits 1 when the report cannot be written [copilot 58]", async () => {
    await inFolder(async (folder) => {
      await writeFile(path.join(folder, "blocked"), "a file where the prefix should be");
      const { status, stderr } = await run([
        "download",
        "--from-remote",
        `${folder}/absent`,
        "--to-output-prefix",
        `${folder}/blocked`,
        "-o",
        `${folder}/in`,
      ]);
      expect(status).toBe(1);
      expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^Error: /);
    });
  });

  it("with strict exit ends with 1 and the cause as last line [copilot B3]", async () => {
    await staged(
      (folder) => ({ gone: file(`${folder}/absent`) }),
      ["--strict-exit"],
      async ({ status, stderr, output }) => {
        expect(status).toBe(1);
        expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^Error: .*"gone".*absent/);
        expect(await readError(output)).toBeDefined();
      },
    );
  });

  it("removes what an earlier pod reported before it begins [copilot B2]", async () => {
    await inFolder(async (folder) => {
      const output = path.join(folder, "run", "a0", "1");
      await writeTree(output, { "error.pb": "stale", "errors.pb": "stale" });
      const { status } = await stage(folder, { x: text("y") });
      expect(status).toBe(0);
      expect(await readTree(output)).toEqual({});
    });
  });

  it.each([
    { name: "truncated", bytes: Uint8Array.of(10, 200, 1, 5) },
    { name: "of another kind", bytes: new TextEncoder().encode("not a message") },
  ])("on a message that is $name is reported, naming the message", async ({ bytes }) => {
    await inFolder(async (folder) => {
      await mkdir(path.join(folder, "run"));
      await writeFile(path.join(folder, "run", "inputs.pb"), bytes);
      const { status, output } = await stageFrom(folder, path.join(folder, "run", "inputs.pb"));
      expect(status).toBe(0);
      expect((await readError(output))?.message).toContain("inputs.pb");
    });
  });

  it("refuses an object of one byte more than the limit and takes one of just the limit [copilot 21]", async () => {
    await inFolder(async (folder) => {
      const mebibyte = new Uint8Array(1024 * 1024);
      await writeTree(path.join(folder, "data"), { fits: mebibyte, over: new Uint8Array([...mebibyte, 0]) });
      const limit = ["--storage.limits.maxDownloadMBs=1"];
      const { local } = await stage(folder, { x: file(`${folder}/data/fits`) }, limit);
      expect((await stat(path.join(local, "x"))).size).toBe(mebibyte.byteLength);
      const second = await stage(folder, { x: file(`${folder}/data/over`) }, limit);
      expect((await readError(second.output))?.message).toContain("maxDownloadMBs");
      const unlimited = await stage(folder, { x: file(`${folder}/data/over`) });
      expect((await stat(path.join(unlimited.local, "x"))).size).toBe(mebibyte.byteLength + 1);
    });
  });

  it("logs JSON lines to stderr, and none of info at level 2 [copilot 23]", async () => {
    await staged(
      () => ({ x: text("y") }),
      ["--logger.level=4"],
      async ({ stdout, stderr }) => {
        expect(stdout).toBe("");
        for (const line of stderr.trimEnd().split("\n")) {
          expect(JSON.parse(line)).toMatchObject({
            level: "info",
            msg: expect.any(String) as string,
            ts: expect.stringMatching(/Z$/) as string,
          });
        }
      },
    );
    await staged(
      () => ({ x: text("y") }),
      ["--logger.level=2"],
      async ({ stderr }) => {
        expect(stderr).toBe("");
      },
    );
  });

  it("within its time limit is reported as such, with no partial file left", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { large: new Uint8Array(80_000_000) });
      const { status, output, local } = await stage(folder, { x: file(`${folder}/data/large`) }, ["--timeout", "5ms"]);
      expect(status).toBe(0);
      expect(await readError(output)).toMatchObject({
        message: expect.stringContaining("time limit") as string,
        recoverable: true,
      });
      expect(await readTree(local).catch(() => ({}))).toEqual({});
    });
  });

  it("sums up files and bytes in one line", async () => {
    await inFolder(async (folder) => {
      const files = Object.fromEntries(
        Array.from({ length: 40 }, (_, index) => [`d/${index}`, "x".repeat(1000 + index)]),
      );
      await writeTree(path.join(folder, "data"), files);
      const { stderr } = await stage(folder, { d: directory(`${folder}/data/d`) }, ["--logger.level=4"]);
      expect(JSON.parse(stderr)).toMatchObject({ json: { files: 40, bytes: 40_780 }, msg: "inputs staged" });
    });
  });

  it("a literal without value is never skipped", async () => {
    await staged(
      () => ({ hollow: { ...fromPlain(text("x")), value: { case: undefined } } }),
      [],
      async ({ output }) => {
        expect((await readError(output))?.message).toContain('"hollow"');
      },
    );
  });
});
