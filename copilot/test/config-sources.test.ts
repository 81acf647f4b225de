import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DataPlaneError, type Env, parseCopilotArgs } from "@flyte-dataplane/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoadedConfig, loadConfig } from "../src/config/load.ts";
import { settingsOf } from "../src/config/settings.ts";
import { s3Settings } from "../src/store/s3-settings.ts";
import { run } from "./program.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "flyte-copilot-config-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Sources {
  readonly flags?: readonly string[];
  readonly env?: Env;
  /** Text of files, by name; all are given by a pattern. */
  readonly files?: Readonly<Record<string, string>>;
  readonly strict?: boolean;
}

async function load({ flags = [], env = {}, files = {}, strict = true }: Sources): Promise<LoadedConfig> {
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  const { options } = parseCopilotArgs([...flags, "--config", `${folder}/*.yaml`, "download"]);
  return await loadConfig({ options, env, workingDirectory: folder }, strict);
}

async function faultOf(sources: Sources): Promise<string> {
  try {
    await load(sources);
  } catch (error) {
    if (!(error instanceof DataPlaneError)) throw error;
    expect(error).toMatchObject({ code: "invalid_argument", origin: "user" });
    return error.message;
  }
  throw new Error("nothing was refused");
}

describe("a key of the configuration", () => {
  const flags = ["--storage.container=flag"];
  const env = { "STORAGE.CONTAINER": "variable" };
  const files = { "a.yaml": "storage: {container: file}" };
  it.each([
    { name: "its flag before all else", sources: { flags, env, files }, expected: "flag" },
    { name: "its variable before a file", sources: { env, files }, expected: "variable" },
    { name: "a file before the default", sources: { files }, expected: "file" },
    { name: "nothing where nothing sets it", sources: {}, expected: undefined },
    {
      name: "a file where its variable is empty",
      sources: { env: { "STORAGE.CONTAINER": "" }, files },
      expected: "file",
    },
  ])("takes $name", async ({ sources, expected }) => {
    expect((await load(sources)).values.get("storage.container")).toBe(expected);
  });

  it("takes each part from the last file that sets it", async () => {
    const { values, files: read } = await load({
      files: {
        "2.yaml": "storage:\n  container: second\n  stow: {config: {region: r2}}\n",
        "1.yaml": "storage:\n  container: first\n  type: s3\n  stow: {config: {endpoint: e1, region: r1}}\n",
        "3.yml": "storage: {container: not read}",
      },
    });
    expect(read.map((file) => path.basename(file))).toEqual(["1.yaml", "2.yaml"]);
    expect(values.get("storage.container")).toBe("second");
    expect(values.get("storage.type")).toBe("s3");
    expect(values.map("storage.stow.config")).toEqual(
      new Map([
        ["endpoint", "e1"],
        ["region", "r2"],
      ]),
    );
  });

  it("is found whatever the case of its letters", async () => {
    const { values } = await load({
      files: { "a.yaml": "STORAGE: {Limits: {MAXDOWNLOADMBS: 7}, Stow: {CONFIG: {Region: r}}}" },
    });
    expect(values.get("storage.limits.maxDownloadMBs")).toBe("7");
    expect(values.map("storage.stow.config").get("region")).toBe("r");
  });

  it.each([
    { key: "storage.container", yaml: "storage: {container: 0123}", expected: "0123" },
    { key: "storage.container", yaml: "storage: {container: 1.50}", expected: "1.50" },
    { key: "storage.enable-multicontainer", yaml: "storage: {enable-multicontainer: yes it is}", expected: undefined },
    { key: "storage.enable-multicontainer", yaml: "storage: {enable-multicontainer: 'true'}", expected: "true" },
    { key: "storage.enable-multicontainer", yaml: "storage: {enable-multicontainer: 1}", expected: "true" },
    { key: "storage.enable-multicontainer", yaml: "storage: {enable-multicontainer: 0}", expected: "false" },
    { key: "storage.limits.maxDownloadMBs", yaml: "storage: {limits: {maxDownloadMBs: '5'}}", expected: "5" },
    { key: "storage.limits.maxDownloadMBs", yaml: "storage: {limits: {maxDownloadMBs: 5.9}}", expected: "5" },
    { key: "storage.limits.maxDownloadMBs", yaml: "storage: {limits: {maxDownloadMBs: true}}", expected: "1" },
    { key: "storage.limits.maxDownloadMBs", yaml: "storage: {limits: {maxDownloadMBs: much}}", expected: undefined },
    { key: "storage.limits.maxDownloadMBs", yaml: "storage: {limits: {maxDownloadMBs: [1]}}", expected: undefined },
    { key: "storage.container", yaml: "storage: {container: {name: b}}", expected: undefined },
  ])("$key of `$yaml` is $expected", async ({ key, yaml, expected }) => {
    const loading = load({ files: { "a.yaml": yaml } });
    if (expected === undefined) await expect(loading).rejects.toMatchObject({ code: "invalid_argument" });
    else expect((await loading).values.get(key)).toBe(expected);
  });

  it("without a value in a file sets nothing", async () => {
    const { values } = await load({ files: { "a.yaml": "storage:\n  container:\n  stow:\n    config:\n" } });
    expect(values.get("storage.container")).toBeUndefined();
    expect(values.has("storage.stow")).toBe(false);
  });
});

describe("the store's settings", () => {
  const files = { "a.yaml": "storage: {stow: {config: {access_key_id: a, secret_key: s, disable_ssl: true}}}" };

  it("hold switches of a file as the word true, quoted or not [copilot B52]", async () => {
    expect((await load({ files })).values.map("storage.stow.config").get("disable_ssl")).toBe("true");
  });

  it("take the region alone from the environment", async () => {
    const env = { "STORAGE.STOW.CONFIG.REGION": "r", "STORAGE.STOW.CONFIG.ENDPOINT": "e" };
    const { values } = await load({ env, files });
    expect(values.map("storage.stow.config").get("region")).toBe("r");
    expect(values.map("storage.stow.config").has("endpoint")).toBe(false);
  });

  it("given as flags add up, and the first of them replaces the default region [copilot 5]", async () => {
    const pair = (text: string): readonly string[] => ["--storage.stow.config", text];
    const flags = [...pair("access_key_id=id"), ...pair("secret_key=s"), ...pair("endpoint=http://h")];
    const { values } = await load({ flags });
    const config = values.map("storage.stow.config");
    expect([...config.keys()]).toEqual(["access_key_id", "secret_key", "endpoint"]);
    expect(s3Settings(config)).not.toHaveProperty("region");
  });

  it.each([
    { token: "secret_key=ab==", expected: { secret_key: "ab==" } },
    { token: "a=b,c=d", expected: { a: "b", c: "d" } },
  ])(
    "of the flag $token are $expected, and a token without an equals sign is refused [copilot 6]",
    async ({ token, expected }) => {
      const { values } = await load({ flags: ["--storage.stow.config", token] });
      expect(Object.fromEntries(values.map("storage.stow.config"))).toEqual(expected);
      const { status, stderr } = await run(["--storage.stow.config", "nothing", "download"]);
      expect(status).toBe(1);
      expect(stderr).toContain("--storage.stow.config");
    },
  );

  it("given as flags hide all that files and variables say of them", async () => {
    const flags = ["--storage.stow.config", "endpoint=e", "--storage.stow.config", "auth_type=iam"];
    const { values } = await load({ flags, env: { "STORAGE.STOW.CONFIG.REGION": "r" }, files });
    expect([...values.map("storage.stow.config").keys()]).toEqual(["endpoint", "auth_type"]);
  });
});

describe("a file of the configuration", () => {
  it.each([
    { name: "a section that does not exist", yaml: "plugins: {}", expected: '"plugins"' },
    { name: "a key that does not exist", yaml: "storage: {contaner: b}", expected: '"storage.contaner"' },
    {
      name: "a key below one that has none",
      yaml: "logger: {formatter: {kind: json}}",
      expected: '"logger.formatter.kind"',
    },
  ])("with $name is refused, and passes where reading is lenient", async ({ yaml, expected }) => {
    const files = { "a.yaml": yaml };
    expect(await faultOf({ files })).toContain(expected);
    expect((await load({ files, strict: false })).unknown).toEqual([expect.stringContaining(expected)]);
  });

  it("may name flags beside the sections", async () => {
    expect((await load({ files: { "a.yaml": "err-output-name: x\nshow-source: true\n" } })).unknown).toEqual([]);
  });

  it("is refused with all its faults at once, none of which shows a value", async () => {
    const yaml = "storage: {limits: {maxDownloadMBs: SECRET1}, enable-multicontainer: SECRET2, nothing: SECRET3}";
    const message = await faultOf({ files: { "a.yaml": yaml }, env: { "LOGGER.LEVEL": "SECRET4" } });
    for (const part of ["maxdownloadmbs", "enable-multicontainer", "storage.nothing", "LOGGER.LEVEL"])
      expect(message).toContain(part);
    expect(message).not.toContain("SECRET");
  });

  it("that is no YAML is refused by name and line, without its text", async () => {
    const message = await faultOf({ files: { "a.yaml": "storage:\n  stow: {config: {secret_key: SECRET\n" } });
    expect(message).toMatch(/a\.yaml is no YAML: .* line \d/);
    expect(message).not.toContain("SECRET");
  });

  it.each(["", "# nothing\n", "---\n"])("of %j sets nothing", async (yaml) => {
    expect((await load({ files: { "a.yaml": yaml } })).unknown).toEqual([]);
  });

  it("may repeat a part by its anchor", async () => {
    const yaml = "storage:\n  stow: {config: &c {region: r}}\n  schemes: {s3: {config: *c}}\n";
    expect((await load({ files: { "a.yaml": yaml } })).values.map("storage.schemes.s3.config").get("region")).toBe("r");
  });

  it("in the working directory counts where the pattern matches none", async () => {
    await writeFile(path.join(folder, "config.yaml"), "storage: {container: here}");
    const { options } = parseCopilotArgs(["--config", `${folder}/none/*.yaml`, "download"]);
    const { values } = await loadConfig({ options, env: {}, workingDirectory: folder });
    expect(values.get("storage.container")).toBe("here");
  });
});

describe("the settings that others do not have", () => {
  it("come from files, the environment and flags as all others do, each of its kind", async () => {
    const { values } = await load({
      files: {
        "a.yaml": "copilot: {max-simple-bytes: 1, void-outputs: true, Optional-Files: EMPTY, report-margin: 1m30s}",
      },
      env: { "COPILOT.MAX_SIMPLE_BYTES": "2", "COPILOT.DECODE_MSGPACK": "true", "COPILOT.SUCCESS_MARKER": "1" },
      flags: ["--copilot.max-simple-bytes=3", "--copilot.primary-status-file=/status", "--copilot.verify=checksums"],
    });
    expect(settingsOf(values).copilot).toEqual({
      maxSimpleBytes: 3,
      voidOutputs: true,
      successMarker: true,
      primaryStatusFile: "/status",
      reportMarginMs: 90_000,
      optionalFiles: "EMPTY",
      decodeMsgpack: true,
      verify: "checksums",
      progressMs: 10_000,
    });
  });

  it("leave copilot as others expect it where nothing is set", async () => {
    expect(settingsOf((await load({})).values).copilot).toMatchObject({
      maxSimpleBytes: 1024,
      voidOutputs: false,
      successMarker: false,
      primaryStatusFile: "",
      reportMarginMs: undefined,
      decodeMsgpack: false,
    });
  });

  it.each([
    ["max-simple-bytes", "many"],
    ["void-outputs", "perhaps"],
    ["report-margin", "soon"],
    ["no-such-key", "1"],
  ])("are refused by name: %s of %s", async (name, text) => {
    expect(await faultOf({ files: { "a.yaml": `copilot: {${name}: ${text}}` } })).toContain(`copilot.${name}`);
  });

  it("of a closed set are refused by name for another word", async () => {
    const { values } = await load({ flags: ["--copilot.optional-files=NONE"] });
    expect(() => settingsOf(values)).toThrow("copilot.optional-files");
  });
});
