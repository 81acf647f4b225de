import { spawnSync } from "node:child_process";
import { chmod, chown, mkdir } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { blob, outputsOf, readError, readTree, writeInputs, writeTree } from "./documents.ts";
import { file, text } from "./download-run.ts";
import { type Ended, inFolder, run } from "./program.ts";

/** Nobody's. */
const user = 65_532;
const asNobody = `setpriv --reuid=${user} --regid=${user} --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs`;

/** Runs the program as a restricted pod does: another user than root, no capability, nothing writable but `volume`. */
async function runConfined(volume: string, args: readonly string[]): Promise<Ended> {
  const outside = path.dirname(volume);
  const script = `mount --make-rprivate / && mount --bind ${volume} ${volume} && mount -o remount,bind,ro / || exit 99
    ${asNobody} sh -c 'grep CapEff /proc/self/status; touch ${outside}/x 2> /dev/null && echo writable; exec "$@"' sh "$@"`;
  return await run(args, {
    cwd: "/",
    before: ["unshare", "-m", "sh", "-c", script, "sh"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
}

/** Whether this user may make a root file system read-only, for a program of its own. */
const mayConfine =
  process.getuid?.() === 0 &&
  spawnSync("unshare", ["-m", "sh", "-c", `mount --make-rprivate / && mount -o remount,bind,ro / && ${asNobody} true`])
    .status === 0;

describe.skipIf(!mayConfine)("in a restricted container (needs root, unshare and setpriv)", () => {
  it("inputs are staged and outputs published without a right but to the volume [copilot B42]", async () => {
    await inFolder(async (folder) => {
      await chmod(folder, 0o755);
      const volume = path.join(folder, "volume");
      await mkdir(volume);
      await writeTree(volume, { "data/f": "a file", "local/x": "an output", "local/d/1": "in a folder" });
      const remote = await writeInputs(path.join(volume, "run"), { f: file(`${volume}/data/f`), t: text("a text") });
      await chown(volume, user, user);
      const download = [
        "--from-remote",
        remote,
        "--to-output-prefix",
        `${volume}/out`,
        "--to-local-dir",
        `${volume}/in`,
      ];
      const staged = await runConfined(volume, ["download", ...download]);
      expect(staged).toMatchObject({ status: 0, stdout: "CapEff:\t0000000000000000\n", stderr: "" });
      expect(await readTree(`${volume}/in`)).toMatchObject({ f: "a file", t: "a text" });
      const place = ["--to-output-prefix", `${volume}/out`, "--to-raw-output", `${volume}/raw`];
      const outputs = ["--interface", outputsOf({ x: blob(0), d: blob(1) }), "--from-local-dir", `${volume}/local`];
      const published = await runConfined(volume, ["sidecar", ...place, ...outputs, "--start-watcher-type", "noop"]);
      expect(published).toMatchObject({ status: 0, stdout: "CapEff:\t0000000000000000\n", stderr: "" });
      expect(await readTree(`${volume}/raw`)).toEqual({ x: "an output", "d/1": "in a folder" });
      expect(await readError(`${volume}/out`)).toBeUndefined();
      expect(Object.keys(await readTree(`${volume}/out`))).toEqual(["outputs.pb"]);
    });
  });
});
