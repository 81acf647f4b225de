/** The command line and what configures it, as far as it shows in what a program does. Items 1 to 8 and 22. */
import type { Case, Dialect, Expected, Plan, World } from "../case.ts";
import { text } from "../value.ts";
import { both, downloadCase, ours } from "./download-case.ts";
import { downloadWords, storePairs, storeWords } from "./words.ts";

/** A run of bare words, with nothing at the store. */
function commandCase(
  name: string,
  items: readonly string[],
  spec: {
    readonly args: readonly string[] | ((world: World) => readonly string[]);
    readonly expect: Expected;
    readonly env?: Plan["env"];
  },
  dialects: readonly Dialect[] = both,
): Case {
  return {
    name,
    items,
    dialects,
    plan: (world) => ({
      args: typeof spec.args === "function" ? spec.args(world) : spec.args,
      expect: { remote: { whole: true, entries: {} }, local: { whole: true, entries: {} }, ...spec.expect },
      ...(spec.env !== undefined && { env: spec.env }),
    }),
  };
}

const inputs = { x: text("y") };
/** A command line that cannot be carried out: 1, the reason on both streams. */
const refused = (...has: readonly string[]): Expected => ({ status: 1, stderr: { has }, stdout: { matches: "." } });

export const commandCases: readonly Case[] = [
  commandCase("no sub-command exits 1 and says that one is needed", ["1"], {
    args: [],
    expect: refused("sub-command"),
  }),
  ...[
    ["--help"],
    ["-h"],
    ["help"],
    ["download", "--help"],
    ["sidecar", "--help"],
    ["config", "--help"],
    ["config", "validate", "--help"],
  ].map((args) =>
    commandCase(`${args.join(" ")} teaches and exits 0`, ["2"], {
      args,
      expect: { status: 0, stdout: { matches: "[Uu]sage" } },
    }),
  ),
  commandCase(
    "--version is one line",
    [],
    { args: ["--version"], expect: { status: 0, stdout: { matches: "^[^\\n]+\\n$" } } },
    ours,
  ),
  ...[["--no-such-flag"], ["download", "--no-such-flag"], ["sidecar", "--no-such-flag=1"]].map((args) =>
    commandCase(`${args.join(" ")} exits 1 and is named on stderr`, ["8"], { args, expect: refused("no-such-flag") }),
  ),
  commandCase("an unknown command exits 1 and is named", ["8"], { args: ["upload"], expect: refused("upload") }),
  ...["YQ", "_-8=", "*"].map((value) =>
    commandCase(`an input interface of ${value} exits 1`, ["22"], {
      args: (world) => [...storeWords(world), ...downloadWords(world), "--input-interface", value],
      expect: refused("input-interface"),
    }),
  ),
  commandCase("a duration that is none exits 1", ["3"], {
    args: (world) => [...storeWords(world), ...downloadWords(world), "--timeout", "1d"],
    expect: refused("timeout"),
  }),
  commandCase("ready says no where no sidecar listens", ["B10"], { args: ["ready"], expect: { status: 1 } }, ours),
  commandCase("config validate is content with what describes a store", ["2"], {
    args: (world) => [...storeWords(world), "config", "validate"],
    expect: { status: 0 },
  }),
  commandCase(
    "a store that is not described exits 1 without usage",
    ["16", "B9"],
    {
      args: (world) => [...storeWords(world, { container: "" }), ...downloadWords(world)],
      expect: { ...refused("container"), stderr: { has: ["container"], lacks: ["Usage"] } },
    },
    ours,
  ),
  // Flags that are accepted.
  ...(
    [
      [
        "the short forms of all",
        ({ base, work }: World) => [
          "-f",
          `${base}/in/inputs.pb`,
          "-o",
          `${work}/in`,
          "-m",
          "JSON",
          "-d",
          "DOWNLOAD_EAGER",
          "-t",
          "1h",
          "-i",
          "CgA=",
        ],
        "3",
      ],
      [
        "flags joined to their values",
        ({ base, work }: World) => [`-f${base}/in/inputs.pb`, `-o=${work}/in`, "-mJSON", "--timeout=1h0m0s"],
        "3",
      ],
      ["an input interface of no bytes", () => ["--input-interface", ""], "3"],
      [
        "flags of Kubernetes' clients",
        () => [
          "--kubeconfig",
          "/nowhere",
          "-n",
          "ns",
          "--context=c",
          "--as",
          "me",
          "--insecure-skip-tls-verify",
          "--request-timeout=1s",
        ],
        "7",
      ],
      [
        "flags of klog",
        () => ["-v", "9", "--logtostderr", "--vmodule", "a=1", "--stderrthreshold=3", "--log_dir=/nowhere"],
        "7",
      ],
      ["words that nobody asked for", () => ["more", "words"], "3"],
      [
        "flags of every kind after the command",
        () => ["--storage.limits.maxDownloadMBs=0", "--logger.show-source", "-s", "--otel.type=noop"],
        "4",
      ],
    ] as const
  ).map(([name, flags, item]) => downloadCase(`${name} are accepted and change nothing`, [item], { inputs, flags })),
  downloadCase("storage flags in two words before the command are honoured", ["4", "5"], {
    inputs,
    before: (world) => [
      ...Object.entries(storePairs(world)).flatMap(([key, value]) => ["--storage.stow.config", `${key}=${value}`]),
      "--storage.type",
      "stow",
      "--storage.stow.kind",
      "s3",
      "--storage.container",
      world.store.bucket,
      "--logger.level",
      "2",
    ],
  }),
  downloadCase("two pairs in one word are two", ["6"], {
    inputs,
    before: (world) => [
      `--storage.container=${world.store.bucket}`,
      "--storage.type=stow",
      "--storage.stow.config",
      Object.entries(storePairs(world))
        .map(([key, value]) => `${key}=${value}`)
        .join(","),
    ],
  }),
  downloadCase("a pair with equals signs in its value is one pair", [], {
    inputs,
    before: (world) => [...storeWords(world), "--storage.stow.config", "unused=ab=="],
  }),
  commandCase("a pair without an equals sign exits 1", ["6"], {
    args: (world) => [...storeWords(world), "--storage.stow.config", "nothing", ...downloadWords(world)],
    expect: refused("storage.stow.config"),
  }),
];
