import { Buffer } from "node:buffer";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFile, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { pack } from "../bundle/pack.mjs";
import { writeTree } from "./documents.ts";
import { inFolder } from "./program.ts";

const plain = fileURLToPath(new URL("../dist/flyte-copilot.mjs", import.meta.url));
const packed = fileURLToPath(new URL("../dist/packed/", import.meta.url));
const headerBytes = 128;

/** What the program says for `words`, run by this Node without any option, save those given. */
function said(program: string, words: readonly string[], options: readonly string[] = []): string {
  return execFileSync(process.execPath, [...options, program, ...words], { encoding: "utf8", env: {} });
}

/** A copy of the packed program in `folder`, its file of text and compiled code changed; gives the launcher's path. */
async function copied(folder: string, change: (bytes: Buffer) => Uint8Array): Promise<string> {
  const launcher = path.join(folder, "flyte-copilot.cjs");
  await copyFile(path.join(packed, "flyte-copilot.cjs"), launcher);
  const bytes = change(await readFile(path.join(packed, "flyte-copilot.packed")));
  await writeFile(path.join(folder, "flyte-copilot.packed"), bytes);
  return launcher;
}

function headerOf(bytes: Buffer): { readonly node: string; readonly cacheBytes: number } {
  const [, node = "", , cacheBytes] = bytes.toString("latin1", 0, headerBytes).split(" ");
  return { node, cacheBytes: Number(cacheBytes) };
}

describe("the packed program", () => {
  it("is the plain one: the same version and the same words", () => {
    const launcher = path.join(packed, "flyte-copilot.cjs");
    for (const words of [["--version"], ["--help"], ["download", "--help"], ["config", "docs"]]) {
      expect(said(launcher, words)).toBe(said(plain, words));
    }
  });

  it("holds code that V8 takes from it, for the Node that built it", async () => {
    const bytes = await readFile(path.join(packed, "flyte-copilot.packed"));
    const { node, cacheBytes } = headerOf(bytes);
    expect(node).toBe(`${process.version}-${process.platform}-${process.arch}`);
    expect(cacheBytes).toBeGreaterThan(100_000);
    const look = `
      const bytes = require("node:fs").readFileSync(process.argv[1]);
      const at = ${headerBytes + cacheBytes};
      const script = new (require("node:vm").Script)(bytes.toString("latin1", at), { cachedData: bytes.subarray(${headerBytes}, at) });
      console.log(script.cachedDataRejected);`;
    const words = ["-e", look, path.join(packed, "flyte-copilot.packed")];
    expect(execFileSync(process.execPath, words, { encoding: "utf8", env: {} })).toBe("false\n");
  });

  it("runs as ever where the code in it is damaged", async () => {
    await inFolder(async (folder) => {
      for (const part of [0, 0.01, 0.3, 0.5, 0.9]) {
        const launcher = await copied(folder, (bytes) => {
          const at = headerBytes + Math.floor(headerOf(bytes).cacheBytes * part);
          bytes.fill(0x5a, at, at + 64);
          return bytes;
        });
        expect(said(launcher, ["--version"])).toBe(said(plain, ["--version"]));
      }
    });
  });

  it("is packed anew where the code in it is damaged, and stays as it is where it is whole", async () => {
    await inFolder(async (folder) => {
      await copied(folder, (bytes) => bytes.fill(0x5a, headerBytes + 5_000, headerBytes + 5_064));
      const file = path.join(folder, "flyte-copilot.packed");
      const inodes: number[] = [];
      for (const _time of [1, 2, 3]) {
        inodes.push((await stat(file)).ino);
        await pack(plain, folder);
      }
      expect(inodes[1]).not.toBe(inodes[0]);
      expect((await stat(file)).ino).toBe(inodes[1]);
    });
  });

  it("runs as ever by a Node that did not build it, and with options of V8 that it was not built with", async () => {
    await inFolder(async (folder) => {
      const launcher = await copied(folder, (bytes) => {
        const { node } = headerOf(bytes);
        const other = node.replace(/\d/, "9");
        return Buffer.from(bytes.toString("latin1").replace(node, other), "latin1");
      });
      expect(said(launcher, ["--version"])).toBe(said(plain, ["--version"]));
    });
    const options = ["--max-old-space-size=64"];
    expect(said(path.join(packed, "flyte-copilot.cjs"), ["--version"], options)).toBe(said(plain, ["--version"]));
  });

  it("imports what lies beside it, as the plain one does, and nothing of the folder that it runs in", async () => {
    await inFolder(async (folder) => {
      const sdk = (word: string): string => `exports.fromIni = () => { process.stderr.write("${word}\\n"); };`;
      const from = path.join("node_modules", "@aws-sdk", "credential-provider-ini", "index.js");
      const profile = "[profile p]\nsso_start_url = https://x\nsso_region = r\nsso_account_id = 1\nsso_role_name = n\n";
      await writeTree(folder, {
        [`at/${from}`]: sdk("beside"),
        [`cwd/${from}`]: sdk("elsewhere"),
        "at/profile": profile,
      });
      const at = path.join(folder, "at");
      const launcher = await copied(at, (bytes) => bytes);
      await copyFile(plain, path.join(at, "plain.mjs"));
      const env = { AWS_CONFIG_FILE: path.join(at, "profile"), AWS_PROFILE: "p" };
      const pairs = ["auth_type=iam", "region=us-east-1", "endpoint=http://127.0.0.1:1"];
      const settings = ["--storage.type=stow", "--storage.stow.kind=s3", "--storage.container=b"];
      const store = [...settings, ...pairs.flatMap((pair) => ["--storage.stow.config", pair])];
      const words = ["download", "--from-remote", "s3://b/inputs.pb", "--to-output-prefix", "s3://b/out"];
      for (const program of [launcher, path.join(at, "plain.mjs")]) {
        const { stderr } = spawnSync(process.execPath, [program, ...store, ...words, "--to-local-dir", folder], {
          cwd: path.join(folder, "cwd"),
          encoding: "utf8",
          env,
        });
        expect(stderr).toMatch(/^beside$/m);
        expect(stderr).not.toContain("elsewhere");
      }
    });
  });

  it.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
    "starts in a root folder that holds nothing else",
    async () => {
      await inFolder(async (folder) => {
        const script = fileURLToPath(new URL("../rootfs.mjs", import.meta.url));
        execFileSync(process.execPath, [script, folder]);
        const words = [folder, "/bin/flyte-copilot", "--version"];
        expect(execFileSync("chroot", words, { encoding: "utf8", env: { PATH: process.env["PATH"] } })).toBe(
          said(plain, ["--version"]),
        );
      });
    },
  );

  it("is put into a folder a second time, and what else lies there stays as it is", async () => {
    await inFolder(async (folder) => {
      const script = fileURLToPath(new URL("../rootfs.mjs", import.meta.url));
      const [other, program] = [path.join(folder, "etc"), path.join(folder, "bin", "flyte-copilot")];
      await writeFile(other, "");
      await utimes(other, 7, 7);
      for (const _time of [1, 2]) execFileSync(process.execPath, [script, folder]);
      expect((await stat(other)).mtimeMs).toBe(7_000);
      expect((await stat(program)).mtimeMs).toBe(0);
    });
  });

  it("starts by its own first line, through a link too", async () => {
    await inFolder(async (folder) => {
      const link = path.join(folder, "flyte-copilot");
      await symlink(path.join(packed, "flyte-copilot.cjs"), link);
      const env = { PATH: path.dirname(process.execPath) };
      expect(execFileSync(link, ["--version"], { encoding: "utf8", env })).toBe(said(plain, ["--version"]));
    });
  });
});
