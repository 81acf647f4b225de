import path from "node:path";
import type { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { describe, expect, it } from "vitest";
import { blob, listOf, readError, readPlain, readTree, simple, type Type, writeTree } from "./documents.ts";
import { inFolder, run } from "./program.ts";
import { places, published, publishIn } from "./sidecar-run.ts";

describe("which files are outputs", () => {
  it("the exact name, else the single one with an extension, else none [copilot 72]", async () => {
    const types = { y: simple("STRING") };
    await published({ types, files: { y: "exact", "y.txt": "other" } }, async ({ output }) => {
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({ y: { kind: "string", value: "exact" } });
    });
    await published({ types, files: { "y.tar.gz": "single", yy: "no" } }, async ({ output }) => {
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({ y: { kind: "string", value: "single" } });
    });
    await published({ types, files: { "y.a": "1", "y.b": "2" } }, async ({ output }) => {
      expect((await readError(output))?.message).toContain("y.a, y.b");
    });
  });

  it("what was not declared is neither uploaded nor announced [copilot 76,77]", async () => {
    const files = { x: "1", extra: "2", "folder/more": "3" };
    await published({ types: { x: blob(0) }, files }, async ({ output, raw }) => {
      expect(await readTree(raw)).toEqual({ x: "1" });
      expect(Object.keys(await readPlain(path.join(output, "outputs.pb")))).toEqual(["x"]);
    });
  });

  it("a missing one is named in the report and nothing is announced [copilot 79]", async () => {
    await published(
      { types: { x: simple("STRING"), there: simple("STRING") }, files: { there: "1" } },
      async ({ output }) => {
        expect((await readError(output))?.message).toContain('"x"');
        expect(Object.keys(await readTree(output)).sort()).toEqual(["error.pb", "errors.pb"]);
      },
    );
  });

  it.each<{ name: string; type: Type; says: string }>([
    { name: "simple type of another version", type: { type: { case: "simple", value: 99 as SimpleType } }, says: "99" },
    { name: "type that says nothing", type: {}, says: "none declared" },
    { name: "list of such", type: listOf({}), says: "none declared" },
  ])("a $name is named with its variable, and nothing is announced [copilot 80]", async ({ type, says }) => {
    const files = type.type?.case === "simple" ? { l: "1", x: "1" } : { "l/0": "1", x: "1" };
    await published({ types: { l: type, x: blob(0) }, files }, async ({ output, raw }) => {
      const message = (await readError(output))?.message;
      expect(message).toContain('"l"');
      expect(message).toContain(says);
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
      await expect(readTree(raw)).rejects.toThrow("ENOENT");
    });
  });

  it.each(["inputs.pb", "inputs.json", "inputs.yaml", "outputs.pb", "error.pb", "errors.pb", "_ERROR"])(
    "a variable named %s is refused [copilot B40]",
    async (name) => {
      await published({ types: { [name]: blob(0) }, files: { fine: "1" } }, async ({ output }) => {
        expect((await readError(output))?.message).toContain("reserved");
      });
    },
  );

  it.each([
    { name: "result.pb", flags: ["--meta-output-name", "result.pb"] },
    { name: "why.pb", flags: ["--err-output-name", "why.pb"] },
    { name: "meta", flags: ["--meta-output-name", "meta/result.pb"] },
  ])("a variable named $name is refused where $flags gives that name to an object [copilot B40]", async (each) => {
    const { name, flags } = each;
    await published({ types: { [name]: blob(0) }, files: { [name]: "1" }, flags }, async ({ output, raw }) => {
      const report = (await readError(output)) ?? (await readError(output, "why.pb"));
      expect(report).toMatchObject({ message: expect.stringContaining("reserved") as string, origin: "user" });
      await expect(readTree(raw)).rejects.toThrow("ENOENT");
    });
    await published({ types: { [name]: blob(0) }, files: { [name]: "1" } }, async ({ raw }) => {
      expect(await readTree(raw)).toEqual({ [name]: "1" });
    });
  });

  it.each(["../x", "a/b", "..", "", "__proto__"])("the variable '%s' is refused", async (name) => {
    await published(
      { types: { [name]: blob(0) }, files: { fine: "1", ["__proto__"]: "1" } },
      async ({ output, raw }) => {
        expect(await readError(output)).toMatchObject({
          message: expect.stringContaining(JSON.stringify(name)) as string,
          origin: "user",
        });
        await expect(readTree(raw)).rejects.toThrow("ENOENT");
      },
    );
  });

  it("a message or report of an earlier pod is overwritten [copilot 83]", async () => {
    await inFolder(async (folder) => {
      const { local, output } = places(folder);
      await writeTree(local, { x: "1" });
      await writeTree(output, { "outputs.pb": "old" });
      await publishIn(folder, { types: { x: simple("INTEGER") } });
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({ x: { kind: "integer", value: 1n } });
      await writeTree(output, { "error.pb": "stale", "errors.pb": "stale" });
      await publishIn(folder, { types: { x: simple("INTEGER") } });
      expect(Object.keys(await readTree(output))).toEqual(["outputs.pb"]);
    });
  });

  it("the message goes by the name asked for [copilot 78]", async () => {
    const task = { types: { x: simple("STRING") }, files: { x: "1" }, flags: ["--meta-output-name", "result.pb"] };
    await published(task, async ({ output }) => {
      expect(Object.keys(await readTree(output))).toEqual(["result.pb"]);
    });
  });

  it("without declared outputs nothing is written and the exit is 0 at once [copilot 59]", async () => {
    await published({ types: {}, files: { _ERROR: "x" } }, async ({ status, output }) => {
      expect(status).toBe(0);
      await expect(readTree(output)).rejects.toThrow("ENOENT");
    });
    await inFolder(async (folder) => {
      const { output, local } = places(folder);
      expect((await run(["sidecar", "--to-output-prefix", output, "--from-local-dir", local])).status).toBe(0);
      await expect(readTree(output)).rejects.toThrow("ENOENT");
    });
  });
});
