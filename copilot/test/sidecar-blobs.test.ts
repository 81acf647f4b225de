import { execFileSync } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { blob, readError, readPlain, readTree, writeTree } from "./documents.ts";
import { stage } from "./download-run.ts";
import { inFolder } from "./program.ts";
import { places, published, publishIn } from "./sidecar-run.ts";

describe("files and folders as outputs", () => {
  it("a file goes to its name under the raw prefix, whatever its extension [copilot 73]", async () => {
    await published({ types: { x: blob(0) }, files: { "x.tar.gz": "data" } }, async ({ output, raw }) => {
      expect(await readTree(raw)).toEqual({ x: "data" });
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        x: { kind: "blob", uri: `${raw}/x`, format: "", multipart: false },
      });
    });
  });

  it("a folder goes up with all its files, equal names in different folders apart [copilot 74]", async () => {
    const files = { "d/a": "1", "d/e/a": "2", "d/e/f/a": "3" };
    await published({ types: { d: blob(1) }, files }, async ({ output, raw }) => {
      expect(await readTree(raw)).toEqual(files);
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        d: { kind: "blob", uri: `${raw}/d`, format: "", multipart: true },
      });
    });
  });

  it("an empty folder gives a literal and no objects [copilot 75]", async () => {
    await inFolder(async (folder) => {
      await mkdir(path.join(places(folder).local, "d"), { recursive: true });
      const { output, raw } = await publishIn(folder, { types: { d: blob(1) } });
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        d: { kind: "blob", uri: `${raw}/d`, format: "", multipart: true },
      });
      await expect(readTree(raw)).rejects.toThrow("ENOENT");
    });
  });

  it("the literal has the format declared, and what was left must be what was declared [copilot B25]", async () => {
    await published({ types: { x: blob(0, "csv") }, files: { "x.csv": "a,b" } }, async ({ output, raw }) => {
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        x: { kind: "blob", uri: `${raw}/x`, format: "csv", multipart: false },
      });
    });
    await published({ types: { x: blob(0) }, files: { "x/a": "1" } }, async ({ output }) => {
      expect((await readError(output))?.message).toContain("the task left a folder");
    });
    await published({ types: { x: blob(1) }, files: { x: "1" } }, async ({ output }) => {
      expect((await readError(output))?.message).toContain("the task left a file");
    });
  });

  it("names with marks of URIs come back from a round trip as they were [copilot B35]", async () => {
    await inFolder(async (folder) => {
      const files = {
        "d/what?.txt": "1",
        "d/h#x": "2",
        "d/100%.txt": "3",
        "d/a%20b": "4",
        "d/c:d+e": "5",
        "d/é ü/日本": "6",
      };
      await writeTree(places(folder).local, files);
      const { output, raw } = await publishIn(folder, { types: { d: blob(1) } });
      const literals = await readPlain(path.join(output, "outputs.pb"));
      expect(await readTree(raw)).toEqual(files);
      const { local } = await stage(folder, literals);
      expect(await readTree(path.join(local, "d"))).toEqual(await readTree(path.join(places(folder).local, "d")));
    });
  });

  it.each([
    { name: "a link out of the output directory", target: "/etc/hostname" },
    { name: "a link to a folder outside", target: "/etc" },
    { name: "a link that leads nowhere", target: "nowhere" },
  ])("$name is refused, as the output and inside a folder [copilot B39]", async ({ target }) => {
    for (const place of ["x", "d/x"]) {
      await inFolder(async (folder) => {
        const { local, raw } = places(folder);
        await writeTree(local, { "d/fine": "1" });
        await symlink(target, path.join(local, place));
        const { status, output } = await publishIn(folder, { types: place === "x" ? { x: blob(0) } : { d: blob(1) } });
        expect(status).toBe(0);
        expect((await readError(output))?.message).toContain("link leads");
        expect(await readTree(raw).catch(() => ({}))).not.toHaveProperty(place);
      });
    }
  });

  it.each(["x", "d/x"])("a pipe at %s is refused at once [copilot B39]", async (place) => {
    await inFolder(async (folder) => {
      const { local } = places(folder);
      await writeTree(local, { "d/fine": "1" });
      execFileSync("mkfifo", [path.join(local, place)]);
      const { status, output } = await publishIn(folder, { types: place === "x" ? { x: blob(0) } : { d: blob(1) } });
      expect(status).toBe(0);
      expect((await readError(output))?.message).toContain("pipe");
    });
  });

  it("a link inside the output directory is the file that it names", async () => {
    await inFolder(async (folder) => {
      const { local, raw } = places(folder);
      await writeTree(local, { "real.bin": "data" });
      await symlink("real.bin", path.join(local, "x"));
      await publishIn(folder, { types: { x: blob(0) } });
      expect(await readTree(raw)).toEqual({ x: "data" });
    });
  });
});
