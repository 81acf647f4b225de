import { execFileSync } from "node:child_process";
import { copilotFlagNames } from "@flyte-dataplane/core";
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

  it("--version prints one line: version, commit and Node", async () => {
    const { status, stdout, stderr } = await run(["--version"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^flyte-copilot \d+\.\d+\.\d+ \((commit [0-9a-f]{10,40}\+?, )?Node v\d+\.\d+\.\d+\)\n$/);
    expect(stdout).toContain(process.version);
    expect(stderr).toBe("");
  });

  it("help of a command names each of its flags that has an effect", async () => {
    for (const [command, names] of copilotFlagNames()) {
      if (command === "") continue;
      const { stdout } = await run([command, "--help"]);
      for (const name of names) if (name !== "start-timeout") expect(stdout).toContain(`--${name} `);
    }
    const texts = (await Promise.all(["download", "sidecar", "--help"].map((topic) => run(["help", topic])))).map(
      ({ stdout }) => stdout,
    );
    const own = (copilotFlagNames().get("") ?? []).filter((name) => name.startsWith("copilot."));
    for (const name of own) expect(texts.join("\n")).toContain(`--${name} `);
  });

  it.each([
    { line: ["si"], words: ["sidecar"] },
    { line: ["download", "--from"], words: ["--from-remote"] },
    { line: ["--storage.container=b", "sidecar", "--to-r"], words: ["--to-raw-output"] },
    { line: ["sidecar", "--from-r"], words: [] },
    { line: ["config", "v"], words: ["validate"] },
    { line: ["--storage.lim"], words: ["--storage.limits.maxDownloadMBs"] },
  ])("bash completes $line by its script", async ({ line, words }) => {
    const { stdout: script } = await run(["completion", "bash"]);
    const quoted = ["flyte-copilot", ...line].map((word) => `'${word}'`).join(" ");
    const ask = `COMP_WORDS=(${quoted}); COMP_CWORD=${line.length}; _flyte_copilot; echo "\${COMPREPLY[@]}"`;
    const answer = execFileSync("bash", ["-c", `${script}\n${ask}`], { encoding: "utf8" });
    expect(answer.trim().split(" ").filter(Boolean)).toEqual(words);
  });

  it.each(["zsh", "fish", "powershell"])(
    "completion has a script for %s, and none for a shell it does not know",
    async (shell) => {
      const { status, stdout } = await run(["completion", shell]);
      expect(status).toBe(0);
      expect(stdout).toContain("flyte-copilot");
      expect(stdout).toContain("from-remote");
      const unknown = await run(["completion", "sh"]);
      expect(unknown.status).toBe(1);
      expect(unknown.stderr).toContain("bash, zsh, fish or powershell");
    },
  );

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
