import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import type { PlainLiteral } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { readError, writeInputs, writeTree } from "./documents.ts";
import { directory, file } from "./download-run.ts";
import { inFolder, run } from "./program.ts";

/** Whether this user may make a file system of its own, which ends with the program that it was made for. */
const mayMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

/** Stages inputs in a volume of two mebibytes, lists what is there afterwards, and gives that and the report. */
async function stagedInSmallVolume(
  folder: string,
  inputs: Readonly<Record<string, PlainLiteral>>,
): Promise<{ readonly report: string; readonly left: readonly string[] }> {
  const volume = path.join(folder, "volume");
  await mkdir(volume);
  const remote = await writeInputs(path.join(folder, "run"), inputs);
  const script = `mount -t tmpfs -o size=2m tmpfs ${volume} && "$@"; find ${volume} -type f`;
  const words = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "--to-local-dir", volume];
  const before = ["unshare", "-rm", "sh", "-c", script, "sh"];
  const { stdout } = await run(["--storage.limits.maxDownloadMBs=0", "download", ...words], {
    before,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  const report = (await readError(path.join(folder, "out")))?.message ?? "";
  return { report, left: stdout.split("\n").filter((line) => line !== "") };
}

describe.skipIf(!mayMount)("a volume that is too small (needs unshare and mount)", () => {
  it("is named before any file is brought where the sizes are known [copilot B47]", async () => {
    await inFolder(async (folder) => {
      const half = new Uint8Array(1_500_000);
      await writeTree(path.join(folder, "data"), { "d/1": half, "d/2": half });
      const { report, left } = await stagedInSmallVolume(folder, { d: directory(`${folder}/data/d`) });
      expect(report).toContain(`${folder}/volume: its volume has`);
      expect(report).toContain("3000000");
      expect(left).toEqual([]);
    });
  });

  it("is named where it fills on the way, and nothing is left half [copilot B47]", async () => {
    const server = createServer((_request, response) => response.end(new Uint8Array(5_000_000)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    try {
      await inFolder(async (folder) => {
        const { report, left } = await stagedInSmallVolume(folder, { x: file(`${origin}/large`) });
        expect(report).toContain(`the volume of ${folder}/volume is too small`);
        expect(left).toEqual([]);
      });
      await inFolder(async (folder) => {
        await writeTree(path.join(folder, "data"), { large: new Uint8Array(3_000_000) });
        const { report, left } = await stagedInSmallVolume(folder, { x: file(`${folder}/data/large`) });
        expect(report).toContain(`the volume of ${folder}/volume is too small`);
        expect(left).toEqual([]);
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
