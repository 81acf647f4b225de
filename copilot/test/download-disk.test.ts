import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type PlainLiteral } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { readError, readPlain, readTree, writeInputs, writeTree } from "./documents.ts";
import { dict, directory, file, list, staged, text } from "./download-run.ts";
import { inFolder, start } from "./program.ts";

describe("what download leaves on the disk", () => {
  it("in mode DO_NOT_DOWNLOAD are values alone; files stay where they are, absent ones too [copilot B51]", async () => {
    const inputs = (folder: string): Record<string, PlainLiteral> => ({
      f: file(`${folder}/absent`),
      d: directory(`${folder}/d`),
      s: text("x"),
    });
    await staged(inputs, ["--download-mode", "DO_NOT_DOWNLOAD"], async ({ status, local }, folder) => {
      expect(status).toBe(0);
      const { "inputs.pb": message, ...tree } = await readTree(local);
      expect(message).toBeDefined();
      expect(tree).toEqual({
        s: "x",
        "inputs.json": JSON.stringify({ d: `${folder}/d`, f: `${folder}/absent`, s: "x" }),
      });
      expect(await readPlain(path.join(local, "inputs.pb"))).toEqual(inputs(folder));
    });
  });

  it("a download killed at any moment leaves no file that is not whole [copilot B18]", async () => {
    await inFolder(async (folder) => {
      const size = 60_000_000;
      await writeTree(path.join(folder, "data"), { large: new Uint8Array(size).fill(1) });
      const remote = await writeInputs(path.join(folder, "run"), { x: file(`${folder}/data/large`) });
      let seenPartial = 0;
      for (let round = 0; round < 6; round++) {
        const local = path.join(folder, `in-${round}`);
        const flags = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "--to-local-dir", local];
        const { child, ended } = start(["--storage.limits.maxDownloadMBs=0", "download", ...flags]);
        // The moments are spread over the transfer: from the first byte to some part of the file.
        while (child.exitCode === null && (await partialBytes(local)) <= (size / 8) * round) await pause(1);
        child.kill("SIGKILL");
        await ended;
        if ((await partialBytes(local)) > 0) seenPartial += 1;
        const complete = await stat(path.join(local, "x")).catch(() => undefined);
        expect(complete?.size ?? size).toBe(size);
      }
      expect(seenPartial).toBeGreaterThan(0);
    });
  });

  it("ended by SIGTERM reports nothing and leaves no partial file", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { large: new Uint8Array(60_000_000) });
      const remote = await writeInputs(path.join(folder, "run"), { x: file(`${folder}/data/large`) });
      const local = path.join(folder, "in");
      const flags = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "--to-local-dir", local];
      const { child, ended } = start(["--storage.limits.maxDownloadMBs=0", "download", ...flags]);
      while (child.exitCode === null && (await partialBytes(local)) === 0) await pause(1);
      child.kill("SIGTERM");
      expect((await ended).status).toBe(143);
      expect(await readTree(local)).toEqual({});
      await expect(readTree(path.join(folder, "out"))).rejects.toThrow("ENOENT");
    });
  });

  it("the folder and those above it are made [copilot 26]", async () => {
    await staged(
      () => ({ x: text("y") }),
      [],
      async ({ local }) => {
        expect((await stat(local)).isDirectory()).toBe(true);
      },
    );
  });

  it("every user may read the files and enter the folders, whatever the umask [copilot 56]", async () => {
    const before = process.umask(0o077);
    try {
      await staged(
        () => ({ x: text("y"), l: list(dict({ k: text("z") })) }),
        [],
        async ({ local }) => {
          for (const name of [".", "l", "l/0"])
            expect((await stat(path.join(local, name))).mode & 0o005, name).toBe(0o005);
          for (const name of ["x", "l/0/k", "inputs.pb", "inputs.json"]) {
            expect((await stat(path.join(local, name))).mode & 0o004, name).toBe(0o004);
          }
        },
      );
    } finally {
      process.umask(before);
    }
  });

  it.each([
    { name: "a map key that climbs", inputs: { m: dict({ "../../escape": text("x") }) } },
    { name: "a map key of dots", inputs: { m: dict({ "..": text("x") }) } },
    { name: "a map key that is empty", inputs: { m: dict({ "": text("x") }) } },
    { name: "a variable that climbs", inputs: { "../escape": text("x") } },
    { name: "a variable with a slash", inputs: { "a/b": text("x") } },
  ])("$name is refused by name before any byte is written [copilot B38]", async ({ inputs }) => {
    await staged(
      () => ({ fine: text("x"), ...inputs }),
      [],
      async ({ local, output }, folder) => {
        const name = Object.keys(inputs)[0] ?? "";
        expect(await readError(output)).toMatchObject({
          message: expect.stringContaining(JSON.stringify(name)) as string,
          origin: "user",
        });
        expect(await readTree(local)).toEqual({});
        expect(Object.keys(await readTree(folder)).filter((file) => file.includes("escape"))).toEqual([]);
      },
    );
  });

  it.each(["inputs.pb", "inputs.json", "inputs.yaml", "outputs.pb", "error.pb", "errors.pb", "_ERROR"])(
    "a variable named %s is refused [copilot B40]",
    async (name) => {
      await staged(
        () => ({ [name]: text("x") }),
        [],
        async ({ local, output }) => {
          expect((await readError(output))?.message).toContain("reserved");
          expect(await readTree(local)).toEqual({});
        },
      );
    },
  );
});

/** Bytes of the files below `folder` that are not complete. */
async function partialBytes(folder: string): Promise<number> {
  const names: readonly string[] = await readdir(folder).catch(() => []);
  let bytes = 0;
  for (const name of names)
    if (name.startsWith(".partial-"))
      bytes += await stat(path.join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      );
  return bytes;
}
