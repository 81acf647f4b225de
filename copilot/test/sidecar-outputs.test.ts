import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { blob, readError, readPlain, readTree, simple, type Type, writeTree } from "./documents.ts";
import { stage } from "./download-run.ts";
import { inFolder, run } from "./program.ts";
import { places, published, publishIn } from "./sidecar-run.ts";

const at = (seconds: bigint, nanos = 0): { seconds: bigint; nanos: number } => ({ seconds, nanos });

const accepted: readonly { type: Parameters<typeof simple>[0]; content: string; value: unknown }[] = [
  { type: "INTEGER", content: "+007", value: { kind: "integer", value: 7n } },
  { type: "INTEGER", content: "-9223372036854775808", value: { kind: "integer", value: -(2n ** 63n) } },
  { type: "FLOAT", content: "1_000.5", value: { kind: "float", value: 1000.5 } },
  { type: "FLOAT", content: "0x1p-2", value: { kind: "float", value: 0.25 } },
  { type: "FLOAT", content: "-InF", value: { kind: "float", value: Number.NEGATIVE_INFINITY } },
  { type: "BOOLEAN", content: "T", value: { kind: "boolean", value: true } },
  { type: "BOOLEAN", content: "False", value: { kind: "boolean", value: false } },
  { type: "STRING", content: "é, \r", value: { kind: "string", value: "é, \r" } },
  { type: "DURATION", content: "1h0m", value: { kind: "duration", value: at(3600n) } },
  { type: "DURATION", content: "-1.5s", value: { kind: "duration", value: at(-1n, -500_000_000) } },
  {
    type: "DATETIME",
    content: "2023-11-14T22:13:20,12+02:00",
    value: { kind: "datetime", value: at(1699992800n, 120_000_000) },
  },
  { type: "STRUCT", content: '{"a":[1,null]} rest', value: { kind: "struct", value: { a: [1, null] } } },
  { type: "STRUCT", content: "null", value: { kind: "struct", value: {} } },
  { type: "ERROR", content: "why", value: { kind: "error", message: "why", failedNodeId: "" } },
  { type: "NONE", content: "anything", value: { kind: "none" } },
];

const rejected: readonly { type: Parameters<typeof simple>[0]; content: string | Uint8Array }[] = [
  { type: "INTEGER", content: "1.0" },
  { type: "INTEGER", content: "" },
  { type: "INTEGER", content: "9223372036854775808" },
  { type: "INTEGER", content: "1_000" },
  { type: "FLOAT", content: "1e400" },
  { type: "FLOAT", content: "+nan" },
  { type: "BOOLEAN", content: "yes" },
  { type: "STRING", content: Uint8Array.of(0xff, 0xfe) },
  { type: "DURATION", content: "PT1S" },
  { type: "DURATION", content: "1" },
  { type: "DATETIME", content: "2023-02-30T00:00:00Z" },
  { type: "DATETIME", content: "2023-11-14 22:13:20Z" },
  { type: "STRUCT", content: "[1]" },
  { type: "STRUCT", content: "{'a':1}" },
];

describe("simple outputs", () => {
  it("of every type are read from their text [copilot 68]", async () => {
    const names = accepted.map((_, index) => `v${index}`);
    const types = Object.fromEntries(accepted.map(({ type }, index) => [`v${index}`, simple(type)]));
    const files = Object.fromEntries(accepted.map(({ content }, index) => [`v${index}`, content]));
    await published({ types, files }, async ({ status, output }) => {
      expect(status).toBe(0);
      const literals = await readPlain(path.join(output, "outputs.pb"));
      expect(names.map((name) => literals[name])).toEqual(accepted.map(({ value }) => value));
    });
  });

  it("that are not of their type are refused, each by name [copilot 68]", async () => {
    const types = Object.fromEntries(rejected.map(({ type }, index) => [`v${index}`, simple(type)]));
    const files = Object.fromEntries(rejected.map(({ content }, index) => [`v${index}`, content]));
    await published({ types, files }, async ({ status, output }) => {
      expect(status).toBe(0);
      const report = await readError(output);
      for (const index of rejected.keys()) expect(report?.message).toContain(`"v${index}"`);
      expect(report).toMatchObject({ code: "OutputUploadFailed", origin: "user" });
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });

  it("a binary is its bytes without the blanks around them", async () => {
    await published(
      { types: { b: simple("BINARY") }, files: { b: Uint8Array.of(32, 0, 255, 10) } },
      async ({ output }) => {
        const { b } = await readPlain(path.join(output, "outputs.pb"));
        expect(b).toMatchObject({ kind: "binary", bytes: Buffer.of(0, 255), tag: "msgpack" });
      },
    );
  });

  it("blanks around a value are dropped, a carriage return is not [copilot 69]", async () => {
    const types = { n: simple("INTEGER"), s: simple("STRING") };
    await published({ types, files: { n: " 42 \n", s: "\ta\r\n" } }, async ({ output }) => {
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        n: { kind: "integer", value: 42n },
        s: { kind: "string", value: "a\r" },
      });
    });
    await published({ types: { n: simple("INTEGER") }, files: { n: "42\r\n" } }, async ({ output }) => {
      expect(await readError(output)).toBeDefined();
    });
  });

  it("of 1024 bytes pass, one byte more does not [copilot 70]", async () => {
    const types = { s: simple("STRING") };
    await published({ types, files: { s: "x".repeat(1024) } }, async ({ output }) => {
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        s: { kind: "string", value: "x".repeat(1024) },
      });
    });
    await published({ types, files: { s: `${"x".repeat(1024)} ` } }, async ({ output }) => {
      expect((await readError(output))?.message).toContain("1025");
    });
  });

  it("a none needs its file [copilot 71]", async () => {
    await published({ types: { n: simple("NONE") } }, async ({ output }) => {
      expect((await readError(output))?.message).toContain('"n"');
    });
  });

  it("an enum is one of the values declared [copilot B21]", async () => {
    const type: Type = { type: { case: "enumType", value: { values: ["low", "high"] } } };
    await published({ types: { e: type }, files: { e: "high\n" } }, async ({ output }) => {
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({ e: { kind: "string", value: "high" } });
    });
    await published({ types: { e: type }, files: { e: "medium" } }, async ({ output }) => {
      expect((await readError(output))?.message).toContain("low, high");
    });
  });
});

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

  it("a type that is not supported is named with its variable [copilot 80]", async () => {
    const types: Record<string, Type> = { l: { type: { case: "collectionType", value: simple("STRING") } } };
    await published({ types, files: { l: "[]" } }, async ({ output }) => {
      const message = (await readError(output))?.message;
      expect(message).toContain('"l"');
      expect(message).toContain("collectionType");
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
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

  it.each(["../x", "a/b", "..", ""])("the variable '%s' is refused", async (name) => {
    await published({ types: { [name]: blob(0) }, files: { fine: "1" } }, async ({ output, raw }) => {
      expect(await readError(output)).toMatchObject({
        message: expect.stringContaining(JSON.stringify(name)) as string,
        origin: "user",
      });
      await expect(readTree(raw)).rejects.toThrow("ENOENT");
    });
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
