/** What configures a program, told by which bucket and keys it uses. Items 9 to 19, B41, B52. */
import type { Case, Expected, FileSpec, World } from "../case.ts";
import { downloadFails } from "../model/predict-download.ts";
import { file, text } from "../value.ts";
import { downloadCase, ours } from "./download-case.ts";
import { sidecarCase, simple } from "./sidecar-case.ts";
import { storePairs, storeWords } from "./words.ts";

const inputs = { x: text("y") };
const nothingHappens: Expected = {
  status: 1,
  remote: { whole: true, entries: {} },
  local: { whole: true, entries: {} },
};

/** The pairs of the store as YAML, below `storage.stow`. */
function yaml(
  world: World,
  more: { readonly container?: string; readonly pairs?: Readonly<Record<string, string>>; readonly rest?: string } = {},
): FileSpec {
  const pairs = Object.entries({ ...storePairs(world), ...more.pairs }).map(
    ([key, value]) => `      ${key}: "${value}"\n`,
  );
  const container = more.container ?? world.store.bucket;
  return {
    yaml: `storage:\n  type: s3\n  container: ${container}\n${more.rest ?? ""}  stow:\n    kind: s3\n    config:\n${pairs.join("")}`,
  };
}

const bare = (world: World): readonly string[] => ["--config", `${world.work}/config/*.yaml`];
const withPairs = (world: World, ...more: readonly string[]): readonly string[] => [
  ...Object.entries(storePairs(world)).flatMap(([key, value]) => ["--storage.stow.config", `${key}=${value}`]),
  "--storage.type=s3",
  ...more,
];

export const configurationCases: readonly Case[] = [
  // Sources and their order, told by which bucket and keys are used.
  downloadCase("a flag beats the environment and files", ["13"], {
    inputs,
    before: (world) => [...bare(world), ...withPairs(world, `--storage.container=${world.store.bucket}`)],
    env: { "STORAGE.CONTAINER": "of-variable" },
    files: (world) => ({ "config/1.yaml": yaml(world, { container: "of-file" }) }),
  }),
  downloadCase("the environment beats files", ["13"], {
    inputs: { x: file("data/absent") },
    before: (world) => [...bare(world), ...withPairs(world)],
    env: { "STORAGE.CONTAINER": "of-variable" },
    files: (world) => ({ "config/1.yaml": yaml(world) }),
    expect: () => nothingHappens,
  }),
  downloadCase("a file beats the default", ["13", "9"], {
    inputs,
    before: bare,
    files: (world) => ({ "config/1.yaml": yaml(world) }),
  }),
  downloadCase("files apply in the order of their names, the later win", ["9"], {
    inputs,
    before: bare,
    files: (world) => ({
      "config/2.yaml": { yaml: `storage: {container: ${world.store.bucket}}\n` },
      "config/1.yaml": yaml(world, { container: "wrong" }),
    }),
  }),
  downloadCase("maps of files merge key by key", ["9"], {
    inputs,
    before: bare,
    files: (world) => ({
      "config/1.yaml": yaml(world, { pairs: { secret_key: "wrong" } }),
      "config/2.yaml": { yaml: `storage: {stow: {config: {secret_key: "${world.store.secretKey}"}}}\n` },
    }),
  }),
  downloadCase("a pattern without a match is no fault where flags suffice", ["10"], {
    inputs,
    before: (world) => ["--config", `${world.work}/none/*.yaml`, ...storeWords(world)],
  }),
  downloadCase("config.yaml of the working directory counts where no file is named", ["9"], {
    inputs,
    before: () => [],
    files: (world) => ({ "cwd/config.yaml": yaml(world) }),
  }),
  ...(
    [
      ["another section", "11", "propeller: {x: 1}\n"],
      ["an unknown key of a section", "12", "storage: {bucket: b}\n"],
      ["an unknown key deep inside", "12", "logger: {formatter: {kind: json}}\n"],
      ["no YAML", "11", "storage: {container\n"],
    ] as const
  ).map(([name, item, text_]) =>
    downloadCase(`a file with ${name} exits 1`, [item], {
      inputs,
      before: (world) => [...bare(world), ...storeWords(world)],
      files: { "config/1.yaml": { yaml: text_ } },
      expect: () => nothingHappens,
    }),
  ),
  downloadCase("keys of files match whatever their letters", ["12"], {
    inputs,
    before: bare,
    files: (world) => {
      const own = yaml(world);
      const said = typeof own === "object" && "yaml" in own ? own.yaml : "";
      return { "config/1.yaml": { yaml: said.replace("storage:", "Storage:").replace("container:", "CONTAINER:") } };
    },
  }),
  downloadCase("names of flags may stand beside the sections", ["11"], {
    inputs,
    before: (world) => [...bare(world), ...storeWords(world)],
    files: { "config/1.yaml": { yaml: "err-output-name: x\nshow-source: true\n" } },
  }),
  downloadCase("pairs of flags hide those of files, credentials too", ["15"], {
    inputs,
    before: (world) => [...bare(world), "--storage.stow.config", `endpoint=${world.store.endpoint}`],
    files: (world) => ({ "config/1.yaml": yaml(world) }),
    expect: () => nothingHappens,
  }),
  downloadCase("a variable with dots takes effect", ["14"], {
    inputs: { over: file("data/over") },
    objects: { "data/over": new Uint8Array(2 * 1024 * 1024 + 1) },
    before: (world) => storeWords(world).filter((word) => !word.startsWith("--storage.limits")),
    env: { "STORAGE.LIMITS.MAXDOWNLOADMBS": "3" },
  }),
  downloadCase("the limit is two mebibytes where nothing says another", ["14"], {
    inputs: { over: file("data/over") },
    objects: { "data/over": new Uint8Array(2 * 1024 * 1024 + 1) },
    before: (world) => storeWords(world).filter((word) => !word.startsWith("--storage.limits")),
    expect: ({ dialect }) => downloadFails(dialect, ["over"]),
  }),
  ...[false, true].map((multiContainer) =>
    downloadCase(`a bucket has to be named with${multiContainer ? "" : "out"} leave to use others`, ["16"], {
      inputs,
      words: { container: "", multiContainer },
      expect: () => nothingHappens,
    }),
  ),
  // Credentials.
  downloadCase("a secret comes from its file, blanks dropped, before one that is given", ["17"], {
    inputs,
    before: (world) =>
      storeWords(world, {
        pairs: { ...storePairs(world), secret_key: "wrong", secret_key_path: `${world.work}/secret` },
      }),
    files: (world) => ({ secret: ` ${world.store.secretKey}\n` }),
  }),
  downloadCase("a file of a secret that is not there exits 1", ["17"], {
    inputs,
    before: (world) => storeWords(world, { pairs: { ...storePairs(world), secret_key_path: `${world.work}/absent` } }),
    expect: () => nothingHappens,
  }),
  downloadCase("the surroundings' keys sign for iam", ["18"], {
    inputs,
    before: (world) => {
      const { access_key_id: _id, secret_key: _secret, ...rest } = storePairs(world);
      return storeWords(world, { pairs: { ...rest, auth_type: "iam" } });
    },
    // What the harness's own server takes; a run's variables cannot depend on it.
    env: { AWS_ACCESS_KEY_ID: "AKTEST", AWS_SECRET_ACCESS_KEY: "SKTESTSECRET" },
  }),
  downloadCase("a missing key id exits 1 whatever the surroundings have", ["18"], {
    inputs,
    before: (world) => {
      const { access_key_id: _id, ...rest } = storePairs(world);
      return storeWords(world, { pairs: rest });
    },
    env: { AWS_ACCESS_KEY_ID: "AKTEST", AWS_SECRET_ACCESS_KEY: "SKTESTSECRET" },
    expect: () => nothingHappens,
  }),
  downloadCase(
    "an endpoint is asked in path style",
    ["19"],
    {
      inputs,
      expect: (_world, predicted) => ({ ...predicted, requests: { "GET in/inputs.pb": 1 } }),
    },
    ours,
  ),
  downloadCase("an endpoint without a scheme is asked without TLS if that is disabled", ["19"], {
    inputs,
    before: (world) =>
      storeWords(world, {
        pairs: { ...storePairs(world), endpoint: world.store.endpoint.replace("http://", ""), disable_ssl: "true" },
      }),
  }),
  downloadCase(
    "disable_ssl of a file is understood without quotes",
    ["B52"],
    {
      inputs,
      before: bare,
      files: (world) => {
        const own = yaml(world, { pairs: { endpoint: world.store.endpoint.replace("http://", "") } });
        return {
          "config/1.yaml": {
            yaml: `${typeof own === "object" && "yaml" in own ? own.yaml : ""}      disable_ssl: true\n`,
          },
        };
      },
    },
    ours,
  ),
  downloadCase(
    "a bucket that is not there is not made",
    ["B41"],
    {
      inputs,
      before: (world) => storeWords(world, { container: "never-made" }),
      expect: () => ({ ...nothingHappens, requests: { "PUT /never-made": 0, "PUT /never-made/": 0 } }),
    },
    ours,
  ),
  sidecarCase("words of an executor with a Secret find the store", ["9"], {
    types: { x: simple("STRING") },
    left: { x: "1" },
    before: (world) => [
      "--storage.limits.maxDownloadMBs=0",
      "--logger.level=4",
      `--storage.container=${world.store.bucket}`,
      "--storage.type=s3",
      ...bare(world),
    ],
    files: (world) => ({ "config/storage.yaml": yaml(world) }),
  }),
  sidecarCase("short forms of the sidecar's flags are accepted", ["3"], {
    types: { x: simple("STRING") },
    left: { x: "1" },
    flags: ({ base, work }) => [
      "-o",
      `${base}/out`,
      "-x",
      `${base}/raw`,
      "-f",
      `${work}/left`,
      "-m",
      "JSON",
      "-u",
      "UPLOAD_ON_EXIT",
      "-t",
      "1h",
    ],
  }),
];
