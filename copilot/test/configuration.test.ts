import { writeFile } from "node:fs/promises";
import path from "node:path";
import { toBinary } from "@bufbuild/protobuf";
import { fromPlain } from "@flyte-dataplane/core";
import { LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { describe, expect, it } from "vitest";
import { blob, outputsOf, readError, readPlain, readTree, writeInputs, writeTree } from "./documents.ts";
import { directory, file, integer } from "./download-run.ts";
import { type Ended, inFolder, run } from "./program.ts";

/** A store that nobody asks: what is refused here is refused before. */
const pairs = ["access_key_id=id", "secret_key=SECRET", "endpoint=http://127.0.0.1:1"];
const store = pairs.flatMap((pair) => ["--storage.stow.config", pair]);

interface Given {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Configuration files by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Runs a download whose place is a bucket that no source names, so that the message names the one that they do. */
async function refused({ flags = [], env = {}, files = {} }: Given): Promise<Ended> {
  let ended: Ended | undefined;
  await inFolder(async (folder) => {
    await writeTree(folder, files);
    const place = ["--from-remote", "s3://elsewhere/i", "--to-output-prefix", "s3://elsewhere/o", "-o", folder];
    ended = await run(["--config", `${folder}/*.yaml`, ...flags, "download", ...place], { cwd: folder, env });
  });
  if (ended === undefined) throw new Error("nothing ran");
  expect(ended.status).toBe(1);
  expect(`${ended.stdout}${ended.stderr}`).not.toContain("SECRET");
  return ended;
}

describe("sources of the configuration", () => {
  const flags = ["--storage.container=of-flag"];
  const env = { "STORAGE.CONTAINER": "of-variable" };
  const files = { "1.yaml": "storage: {container: of-file}" };
  it.each([
    { name: "a flag beats all", given: { flags: [...store, ...flags], env, files }, says: '"of-flag"' },
    { name: "a variable beats a file", given: { flags: store, env, files }, says: '"of-variable"' },
    { name: "a file beats the default", given: { flags: store, files }, says: '"of-file"' },
    { name: "the default is no bucket", given: { flags: store }, says: "storage.container" },
  ])("$name [copilot 13]", async ({ given, says }) => {
    expect((await refused(given)).stderr).toContain(says);
  });

  it("a pattern that no shell expanded names files, of which the later win key by key [copilot 9]", async () => {
    const config = "{access_key_id: id, secret_key: SECRET, endpoint: 'http://127.0.0.1:1'}";
    const given = {
      "2.yaml": "storage: {container: second}",
      "1.yaml": `storage: {container: first, type: s3, stow: {kind: s3, config: ${config}}}`,
    };
    expect((await refused({ files: given })).stderr).toContain('"second"');
  });

  it("a pattern without a match is no fault where flags suffice [copilot 10]", async () => {
    await inFolder(async (folder) => {
      const remote = await writeInputs(path.join(folder, "run"), { x: integer(7n) });
      const local = ["--storage.type=local", "--storage.stow.config", "path=/", "--storage.stow.kind=local"];
      const place = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "-o", `${folder}/in`];
      const { status } = await run(["--config", `${folder}/none/*.yaml`, ...local, "download", ...place]);
      expect(status).toBe(0);
      expect(await readTree(path.join(folder, "in"))).toMatchObject({ x: "7" });
    });
  });

  it("a file with another section is refused by its name [copilot 11]", async () => {
    const { stderr } = await refused({ files: { "1.yaml": "storage: {container: b}\npropeller: {x: 1}\n" } });
    expect(stderr).toContain('"propeller"');
    expect(stderr).not.toContain("Usage");
  });

  it("a file with an unknown key of a section is refused, one in other letters is not [copilot 12]", async () => {
    expect((await refused({ files: { "1.yaml": "storage: {bucket: b}" } })).stderr).toContain('"storage.bucket"');
    const { stderr } = await refused({ flags: store, files: { "1.yaml": "Storage: {CONTAINER: in-capitals}" } });
    expect(stderr).toContain('"in-capitals"');
  });

  it("the pairs of flags hide those of a file, credentials too [copilot 15]", async () => {
    const config = "{access_key_id: id, secret_key: SECRET, endpoint: 'http://127.0.0.1:1'}";
    const given = { "1.yaml": `storage: {container: b, stow: {config: ${config}}}` };
    expect((await refused({ files: given })).stderr).toContain('"b"');
    const hidden = await refused({ files: given, flags: ["--storage.stow.config", "region=r"] });
    expect(hidden.stderr).toContain("access_key_id");
  });

  it.each([
    { name: "one bucket is allowed", flags: [] },
    { name: "all are", flags: ["--storage.enable-multicontainer"] },
  ])("a bucket has to be named where $name [copilot 16]", async ({ flags: more }) => {
    for (const type of ["s3", "stow", "minio"]) {
      const { stderr } = await refused({ flags: [...store, `--storage.type=${type}`, ...more] });
      expect(stderr).toContain("storage.container");
    }
  });

  it("a variable with dots takes effect [copilot 14]", async () => {
    await inFolder(async (folder) => {
      const mebibytes = new Uint8Array(7 * 1024 * 1024);
      await writeTree(folder, { fits: mebibytes, over: new Uint8Array([...mebibytes, 0]) });
      for (const name of ["fits", "over"]) {
        const remote = await writeInputs(path.join(folder, "run"), { x: file(`${folder}/${name}`) });
        const place = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "-o", `${folder}/${name}-in`];
        await run(["download", ...place], { env: { "STORAGE.LIMITS.MAXDOWNLOADMBS": "7" } });
        const message = (await readError(path.join(folder, "out")))?.message;
        if (name === "fits") expect(message).toBeUndefined();
        else expect(message).toContain("storage.limits.maxDownloadMBs");
      }
    });
  });

  it("outputs in a local store are announced in the way that its locations were given [copilot 73,74]", async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { "data/b/keep": "", "local/f": "a file", "local/d/a b%?#é": "in a folder" });
      const settings = [
        "--storage.type=local",
        "--storage.stow.kind=local",
        `--storage.stow.config=path=${folder}/data`,
        "--storage.container=b",
      ];
      const raw = "file://b/raw%20data";
      const types = outputsOf({ f: blob(0), d: blob(1) });
      const places = [
        "--to-raw-output",
        raw,
        "--to-output-prefix",
        "file://b/out",
        "--from-local-dir",
        `${folder}/local`,
      ];
      const words = ["sidecar", ...places, "--interface", types, "--start-watcher-type", "noop"];
      expect((await run([...settings, ...words])).status).toBe(0);
      const outputs = await readPlain(`${folder}/data/b/out/outputs.pb`);
      expect(outputs).toMatchObject({ f: { uri: "file://b/raw data/f" }, d: { uri: "file://b/raw data/d" } });
      expect(await readTree(`${folder}/data/b/raw data`)).toEqual({ f: "a file", "d/a b%?#é": "in a folder" });
      const back = [
        "--from-remote",
        "file://b/out/outputs.pb",
        "--to-output-prefix",
        "file://b/2",
        "-o",
        `${folder}/in`,
      ];
      expect((await run([...settings, "download", ...back])).status).toBe(0);
      expect(await readTree(`${folder}/in`)).toMatchObject({ f: "a file", "d/a b%?#é": "in a folder" });
    });
  });

  it("a local store's buckets are the folders below its path, in locations of every kind", async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { "data/in/a b.csv": "a,b", "data/in/d/1": "one", "data/elsewhere/x": "secret" });
      const uri = "file://in";
      const offloaded = { kind: "offloaded", uri: `${uri}/far.pb`, sizeBytes: 1n, type: undefined } as const;
      await writeFile(`${folder}/data/in/far.pb`, toBinary(LiteralSchema, fromPlain(file(`${uri}/a%20b.csv`))));
      await writeInputs(`${folder}/data/in`, { f: file(`${uri}/a%20b.csv`), d: directory(`${uri}/d`), o: offloaded });
      const settings = [
        "--storage.type=local",
        "--storage.stow.kind=local",
        `--storage.stow.config=path=${folder}/data`,
      ];
      const words = ["--from-remote", `${uri}/inputs.pb`, "--to-output-prefix", "file://out/1", "-o", `${folder}/work`];
      const named = ["--file-input-layout", "NAMED_DIR"];
      await run([...settings, "--storage.enable-multicontainer", "download", ...words, ...named]);
      expect(await readError(`${folder}/data/out/1`)).toBeUndefined();
      expect(await readTree(`${folder}/work`)).toMatchObject({ "f/a b.csv": "a,b", "d/1": "one", "o/a b.csv": "a,b" });
      for (const [other, says] of [
        ["file://elsewhere/x", "lies outside"],
        [`${uri}/../elsewhere/x`, '".." is not allowed'],
      ] as const) {
        await writeInputs(`${folder}/data/in`, { x: file(other) });
        await run([...settings, "--storage.container=in", "download", ...words, "--to-output-prefix", `${uri}/2`]);
        expect((await readError(`${folder}/data/in/2`))?.message).toContain(says);
      }
    });
  });

  it.each([
    { name: "of a kind without a driver", flags: ["--storage.stow.kind=google"], says: '"google"' },
    { name: "whose address is none", flags: ["--storage.stow.config", "endpoint=http://:0:"], says: "endpoint" },
  ])("a store $name is refused before anything is asked", async ({ flags: more, says }) => {
    const { stderr } = await refused({ flags: [...store, "--storage.container=b", ...more] });
    expect(stderr).toContain(says);
    expect(stderr).not.toContain("Usage");
  });
});

describe("usage text", () => {
  it.each([
    { name: "the configuration is at fault", flags: ["--storage.container=b", "--storage.stow.kind=azure"] },
    { name: "the store is", flags: [...store, "--storage.container=elsewhere"] },
  ])("is not printed where $name [copilot B9]", async ({ flags }) => {
    const { stdout, stderr } = await refused({ flags });
    expect(stderr).toContain("Error: ");
    expect(`${stdout}${stderr}`).not.toContain("Usage");
  });
});

describe("where a task's data are files", () => {
  it("only what lies in their folder is read", async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { "data/b/x": "1", "data/c/x": "2" });
      const local = ["--storage.type=local", "--storage.container=b", "--storage.stow.config", `path=${folder}/data`];
      const remote = await writeInputs(path.join(folder, "data", "b"), {
        mine: file(`${folder}/data/b/x`),
        other: file(`${folder}/data/c/x`),
      });
      const place = ["--from-remote", remote, "--to-output-prefix", `${folder}/data/b/out`, "-o", `${folder}/in`];
      expect((await run([...local, "download", ...place])).status).toBe(0);
      const message = (await readError(path.join(folder, "data/b/out")))?.message;
      expect(message).toContain('"other"');
      expect(message).not.toContain('"mine"');
    });
  });
});

describe("the commands", () => {
  it("that there are teach with --help and exit 0 [copilot 2]", async () => {
    for (const command of [["download"], ["sidecar"], ["config", "validate"], []]) {
      const { status, stdout, stderr } = await run([...command, "--help"]);
      expect({ command, status, stderr }).toEqual({ command, status: 0, stderr: "" });
      expect(stdout).toContain(`Usage: flyte-copilot ${command[0] ?? ""}`);
    }
  });

  it("config validate reads what the others read, and config discover names the files", async () => {
    await inFolder(async (folder) => {
      const good = path.join(folder, "good.yaml");
      await writeFile(good, "storage: {type: local, stow: {kind: local, config: {path: /data}}}\n");
      expect(await run(["config", "discover", "--config", `${folder}/*.yaml`])).toEqual({
        status: 0,
        stdout: `${good}\n`,
        stderr: "",
      });
      expect(await run(["config", "validate", "--file", good])).toEqual({
        status: 0,
        stdout: `valid: ${good}\n`,
        stderr: "",
      });
      const bad = path.join(folder, "bad.yaml");
      await writeFile(bad, "storage: {type: local, colour: blue}\n");
      const lenient = await run(["config", "validate", "--file", bad]);
      expect(lenient.status).toBe(0);
      expect(lenient.stderr).toContain('"storage.colour"');
      const strict = await run(["config", "validate", "--strict", "--file", bad]);
      expect(strict.status).toBe(1);
      expect(strict.stderr).toContain('"storage.colour"');
      expect((await run(["config", "validate", "--file", `${folder}/none.yaml`])).status).toBe(1);
    });
  });

  it("config docs names every key with its default", async () => {
    const { status, stdout } = await run(["config", "docs"]);
    expect(status).toBe(0);
    for (const part of ["storage.limits.maxDownloadMBs", "[2]", "storage.schemes.*.config.*", "secret_key_path"]) {
      expect(stdout).toContain(part);
    }
  });
});

describe("the log", () => {
  it.each([
    { format: "text", pattern: /^time="[^"]+Z" level=info msg="inputs staged" files=0 bytes=0 retries=0 seconds=/ },
    {
      format: "gcp",
      pattern: /^\{"files":0,"bytes":0,"retries":0,"seconds":[^,]+,"severity":"INFO","message":"inputs staged"/,
    },
  ])("is written as $format", async ({ format, pattern }) => {
    await inFolder(async (folder) => {
      const remote = await writeInputs(path.join(folder, "run"), { x: integer(7n) });
      const flags = ["--logger.level=4", `--logger.formatter.type=${format}`];
      const place = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "-o", `${folder}/in`];
      expect((await run([...flags, "download", ...place])).stderr).toMatch(pattern);
      expect((await run([...flags, "--logger.mute", "download", ...place])).stderr).toBe("");
    });
  });
});
