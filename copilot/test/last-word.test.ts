import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { describe, expect, it } from "vitest";
import { runCommandLine } from "../src/command-line.ts";
import { outputsOf, readError, simple, writeTree } from "./documents.ts";
import { inFolder, start } from "./program.ts";

interface Said {
  readonly status: number;
  readonly lastLine: string;
  readonly terminationLog: string;
}

/** Runs a command in this process, so that the file of a pod's termination message can be another one. */
async function say(args: readonly string[], folder: string): Promise<Said> {
  const terminationLog = path.join(folder, "termination-log");
  let stderr = "";
  const status = await runCommandLine(args, {
    stdout: () => undefined,
    stderr: (text) => {
      stderr += text;
    },
    pid: process.pid,
    workingDirectory: folder,
    env: {},
    setFileMask: () => undefined,
    terminated: new AbortController().signal,
    clock: systemClock,
    nodeVersion: process.version,
    terminationLog,
  });
  const text = await readFile(terminationLog, "utf8").catch(() => "absent");
  return { status, lastLine: stderr.trimEnd().split("\n").at(-1) ?? "", terminationLog: text };
}

function sidecar(folder: string): readonly string[] {
  const place = ["--to-output-prefix", `${folder}/out`, "--to-raw-output", `${folder}/raw`];
  const types = outputsOf({ x: simple("INTEGER"), y: simple("INTEGER") });
  const from = ["--from-local-dir", `${folder}/local`, "--interface", types, "--start-watcher-type", "noop"];
  return ["sidecar", ...place, ...from];
}

describe("the last word on a failure", () => {
  it("is not needed for a report: a log that nobody takes any more keeps none from being written", async () => {
    await inFolder(async (folder) => {
      const place = ["--to-output-prefix", `${folder}/out`, "-o", `${folder}/in`];
      const { child, ended } = start(["--logger.level=4", "download", "--from-remote", `${folder}/absent`, ...place]);
      child.stderr?.destroy();
      expect((await ended).status).toBe(0);
      expect((await readError(`${folder}/out`))?.message).toContain("absent");
    });
  });

  it("is one line on stderr and in the termination message of a pod, also where the status is 0 [copilot B3]", async () => {
    await inFolder(async (folder) => {
      await writeFile(
        path.join(folder, "termination-log"),
        "of an earlier container, and longer than what follows".repeat(50),
      );
      const { status, lastLine, terminationLog } = await say(sidecar(folder), folder);
      expect(status).toBe(0);
      expect(lastLine).toMatch(/^Error: .*variable "x".*variable "y"/);
      expect(terminationLog).toBe(`${lastLine.slice("Error: ".length)}\n`);
    });
    await inFolder(async (folder) => {
      await writeFile(path.join(folder, "termination-log"), "");
      const place = ["--to-output-prefix", `${folder}/out`, "-o", `${folder}/in`];
      const { status, lastLine, terminationLog } = await say(
        ["download", "--strict-exit", "--from-remote", `${folder}/absent`, ...place],
        folder,
      );
      expect(status).toBe(1);
      expect(lastLine).toContain(`${folder}/absent`);
      expect(terminationLog).toBe(`${lastLine.slice("Error: ".length)}\n`);
    });
  });

  it("makes no file for the message where a pod has none", async () => {
    await inFolder(async (folder) => {
      expect((await say(sidecar(folder), folder)).terminationLog).toBe("absent");
    });
  });

  it("is bounded, and keeps beginning and end, however much the task has to say", async () => {
    await inFolder(async (folder) => {
      await writeFile(path.join(folder, "termination-log"), "");
      await writeTree(folder, { "local/_ERROR": `first\n${"x\r\n\t".repeat(200_000)}last` });
      const { lastLine, terminationLog } = await say(sidecar(folder), folder);
      expect(lastLine).toMatch(/^Error: User Error: first x .*bytes cut.* last$/);
      expect(Buffer.byteLength(lastLine)).toBeLessThan(2048);
      expect(Buffer.byteLength(terminationLog)).toBeLessThan(2048);
      expect((await readError(`${folder}/out`))?.message.length).toBeGreaterThan(800_000);
    });
  });
});
