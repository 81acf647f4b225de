import { describe, expect, it } from "vitest";
import { inFolder, run } from "./program.ts";

describe("flyte-copilot", () => {
  it("without a sub-command exits 1 and says that one is needed [copilot 1]", async () => {
    const { status, stderr } = await run([]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/use one of the sub-commands/);
  });

  it.each([["--help"], ["-h"], ["help"], ["download", "--help"], ["sidecar", "--help"]])(
    "%s %s teaches and exits 0",
    async (...args) => {
      const { status, stdout, stderr } = await run(args);
      expect(status).toBe(0);
      expect(stdout).toContain("Usage: flyte-copilot");
      expect(stderr).toBe("");
    },
  );

  it("--version prints one line", async () => {
    expect(await run(["--version"])).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^flyte-copilot \d+\.\d+\.\d+\n$/) as string,
      stderr: "",
    });
  });

  it("an unknown flag exits 1 and is named on stderr [copilot 8]", async () => {
    const { status, stderr } = await run(["download", "--no-such-flag", "x"]);
    expect(status).toBe(1);
    expect(stderr).toContain("--no-such-flag");
  });

  it("an unknown command exits 1 and is named", async () => {
    const { status, stderr } = await run(["upload"]);
    expect(status).toBe(1);
    expect(stderr).toContain('"upload"');
  });

  it.each(["--interface", "--input-interface"])(
    "%s refuses base64 without padding or of the URL alphabet [copilot 22]",
    async (flag) => {
      const command = flag === "--interface" ? "sidecar" : "download";
      for (const value of ["YQ", "_-8=", "*"]) {
        const { status, stderr } = await run([command, flag, value]);
        expect(status).toBe(1);
        expect(stderr).toContain(flag);
      }
    },
  );

  it("the reason of a failure stands on stdout, and after `Error:` on stderr's last line", async () => {
    const { stdout, stderr } = await run(["download"]);
    expect(stdout).toBe("download: --to-output-prefix is missing\n");
    expect(stderr).toBe(`Error: ${stdout}`);
  });

  it("a store without a driver is named, without usage text", async () => {
    const { status, stderr } = await run([
      "download",
      "--to-output-prefix",
      "gs://b/p",
      "--from-remote",
      "gs://b/i",
      "-o",
      "/tmp/x",
    ]);
    expect(status).toBe(1);
    expect(stderr).toContain('no driver serves the scheme "gs"');
    expect(stderr).not.toContain("Usage");
  });

  it("ready says no where no sidecar listens", async () => {
    await inFolder(async (folder) => {
      expect((await run(["ready"], { cwd: folder })).status).toBe(1);
    });
  });
});
