import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataPlaneError } from "../errors.ts";
import { choiceOf, downloadModes, fileInputLayouts, metadataFormats, watcherTypes } from "./choices.ts";
import { downloadFlags, persistentFlags, sidecarFlags } from "./flag-table.ts";
import type { CopilotInvocation } from "./invocation.ts";
import { parseCopilotArgs } from "./parse.ts";

const commandOf = (...argv: string[]): CopilotInvocation["command"] => parseCopilotArgs(argv).command;
const optionsOf = (...argv: string[]): CopilotInvocation["options"] => parseCopilotArgs(argv).options;

const plainDownload = {
  name: "download",
  fromRemote: "",
  toOutputPrefix: "",
  toLocalDir: "",
  format: "JSON",
  downloadMode: "DOWNLOAD_EAGER",
  fileInputLayout: "DIRECT",
  timeoutMs: 3_600_000,
};

const plainSidecar = {
  name: "sidecar",
  toOutputPrefix: "",
  toRawOutput: "",
  fromLocalDir: "",
  metaOutputName: "outputs.pb",
  format: "JSON",
  uploadMode: "UPLOAD_ON_EXIT",
  timeoutMs: 3_600_000,
  startWatcherType: "signal",
};

describe("defaults", () => {
  test("each command and the options of all have the defaults of the contract [copilot 3]", () => {
    expect(parseCopilotArgs(["download"])).toEqual({
      command: plainDownload,
      options: { config: "", errOutputName: "errors.pb", strictExit: false, settings: new Map() },
    });
    expect(commandOf("sidecar")).toEqual(plainSidecar);
  });
});

describe("flags of the commands", () => {
  test.each([
    ["download --from-remote s3://b/i", { fromRemote: "s3://b/i" }],
    ["download -f s3://b/i", { fromRemote: "s3://b/i" }],
    ["download -fs3://b/i", { fromRemote: "s3://b/i" }],
    ["download --to-output-prefix=s3://b/o", { toOutputPrefix: "s3://b/o" }],
    ["download --to-local-dir /d", { toLocalDir: "/d" }],
    ["download -o /d", { toLocalDir: "/d" }],
    ["download --format YAML", { format: "YAML" }],
    ["download -m PROTO", { format: "PROTO" }],
    ["download --download-mode DO_NOT_DOWNLOAD", { downloadMode: "DO_NOT_DOWNLOAD" }],
    ["download -d DOWNLOAD_STREAM", { downloadMode: "DOWNLOAD_STREAM" }],
    ["download --file-input-layout NAMED_DIR", { fileInputLayout: "NAMED_DIR" }],
    ["download --file-input-layout=", { fileInputLayout: "DIRECT" }],
    ["download --timeout 1m30s", { timeoutMs: 90_000 }],
    ["download -t 1s", { timeoutMs: 1000 }],
    ["download --timeout 1ns", { timeoutMs: 1 }],
    ["download --timeout 0", { timeoutMs: 0 }],
    ["download --timeout=-1s", { timeoutMs: 0 }],
    ["download --input-interface AQI=", { inputInterface: new Uint8Array([1, 2]) }],
    ["download -i AQI=", { inputInterface: new Uint8Array([1, 2]) }],
    ["download --input-interface=", { inputInterface: new Uint8Array() }],
    ["download extra --format YAML words", { format: "YAML" }],
  ])("%s [copilot 3]", (line, changes) => {
    expect(commandOf(...line.split(" "))).toEqual({ ...plainDownload, ...changes });
  });

  test.each([
    ["sidecar --to-output-prefix s3://b/o", { toOutputPrefix: "s3://b/o" }],
    ["sidecar -o s3://b/o", { toOutputPrefix: "s3://b/o" }],
    ["sidecar --to-raw-output s3://b/r", { toRawOutput: "s3://b/r" }],
    ["sidecar -x s3://b/r", { toRawOutput: "s3://b/r" }],
    ["sidecar --from-local-dir /out", { fromLocalDir: "/out" }],
    ["sidecar -f /out", { fromLocalDir: "/out" }],
    ["sidecar --interface AQI=", { interface: new Uint8Array([1, 2]) }],
    ["sidecar -i AQI=", { interface: new Uint8Array([1, 2]) }],
    ["sidecar --meta-output-name o.pb", { metaOutputName: "o.pb" }],
    ["sidecar --format PROTO", { format: "PROTO" }],
    ["sidecar -m PROTO", { format: "PROTO" }],
    ["sidecar --upload-mode UPLOAD_EAGER", { uploadMode: "UPLOAD_EAGER" }],
    ["sidecar -u DO_NOT_UPLOAD", { uploadMode: "DO_NOT_UPLOAD" }],
    ["sidecar --timeout 2h0m0s", { timeoutMs: 7_200_000 }],
    ["sidecar -t 1s --start-timeout 2s", { timeoutMs: 2000 }],
    ["sidecar --start-timeout 2s -t 1s", { timeoutMs: 1000 }],
    ["sidecar --start-watcher-type noop", { startWatcherType: "noop" }],
    ["sidecar --exit-watcher-type noop", {}],
  ])("%s [copilot 3]", (line, changes) => {
    expect(commandOf(...line.split(" "))).toEqual({ ...plainSidecar, ...changes });
  });

  test("the later of the two time-out flags counts, and neither means an hour [copilot 63]", () => {
    expect(commandOf("sidecar")).toMatchObject({ timeoutMs: 3_600_000 });
    expect(commandOf("sidecar", "--timeout=5s", "--start-timeout=7s")).toMatchObject({ timeoutMs: 7000 });
    expect(commandOf("sidecar", "--start-timeout=7s", "--timeout=5s")).toMatchObject({ timeoutMs: 5000 });
  });

  test("blanks around base64 do not count", () => {
    expect(commandOf("sidecar", "--interface", " AQI=\n")).toMatchObject({ interface: new Uint8Array([1, 2]) });
  });

  test("config, completion, ready and help are commands", () => {
    expect(commandOf("config", "validate", "--file", "a.yaml", "--file", "b.yaml", "--strict")).toEqual({
      name: "config",
      action: "validate",
      files: ["a.yaml", "b.yaml"],
      strict: true,
    });
    expect(commandOf("completion", "bash")).toEqual({ name: "completion", shell: "bash" });
    expect(commandOf("ready")).toEqual({ name: "ready" });
    expect(commandOf("help", "download")).toEqual({ name: "help", topic: "download" });
    expect(commandOf("--help")).toEqual({ name: "help", topic: "" });
    expect(commandOf("sidecar", "-h")).toEqual({ name: "help", topic: "sidecar" });
  });
});

describe("options of every command", () => {
  test("storage flags before the sub-command count, in two tokens or in one [copilot 4]", () => {
    const options = optionsOf(
      "--storage.limits.maxDownloadMBs=0",
      "--storage.enable-multicontainer",
      "--storage.stow.config",
      "access_key_id=ak",
      "--storage.stow.kind",
      "s3",
      "--config",
      "/etc/*.yaml",
      "download",
      "--logger.level=5",
    );
    expect(options).toEqual({
      config: "/etc/*.yaml",
      errOutputName: "errors.pb",
      strictExit: false,
      settings: new Map([
        ["storage.limits.maxDownloadMBs", "0"],
        ["storage.enable-multicontainer", "true"],
        ["storage.stow.kind", "s3"],
        ["logger.level", "5"],
      ]),
      stowConfig: new Map([["access_key_id", "ak"]]),
    });
  });

  test("repeated pairs accumulate and a repeated setting counts once, the last", () => {
    const options = optionsOf(
      ..."download --storage.stow.config a=1 --storage.stow.config=b=2 --logger.level 1 --logger.level 2".split(" "),
    );
    expect(options.stowConfig).toEqual(
      new Map([
        ["a", "1"],
        ["b", "2"],
      ]),
    );
    expect(options.settings).toEqual(new Map([["logger.level", "2"]]));
  });

  test("Kubernetes and klog flags are accepted and change nothing [copilot 7]", () => {
    const given = optionsOf(
      ..."--kubeconfig /k -n ns --server=x --as-uid u -v 4 --logtostderr --alsologtostderr=false --vmodule a=1 -s --show-source download".split(
        " ",
      ),
    );
    expect(given).toEqual(optionsOf("download"));
    const names =
      "kubeconfig server namespace context cluster user token as as-uid as-group username password certificate-authority client-certificate client-key insecure-skip-tls-verify tls-server-name proxy-url disable-compression request-timeout v vmodule logtostderr alsologtostderr stderrthreshold log_dir log_file show-source";
    const unused = persistentFlags.filter((candidate) => candidate.unused).map(({ name }) => name);
    for (const name of [...names.split(" "), ...unused]) {
      expect(parseCopilotArgs(["download", `--${name}=true`])).toEqual(parseCopilotArgs(["download"]));
    }
  });
});

describe("refusals", () => {
  test.each([
    ["", "use one of the sub-commands"],
    ["--storage.type=s3", "use one of the sub-commands"],
    ["upload", 'unknown command "upload"'],
    ["constructor", 'unknown command "constructor"'],
    ["secret_key=SECRET download", 'unknown command "secret_key"'],
    ["download --nope", "unknown flag: --nope"],
    ["download --NOPE=SECRET", "unknown flag: --NOPE"],
    ["download --Format JSON", "unknown flag: --Format"],
    ["download --to-raw-output x", "unknown flag: --to-raw-output"],
    ["sidecar --from-remote x", "unknown flag: --from-remote"],
    ["download -z", "unknown shorthand flag: -z"],
    ["download --format", "flag needs an argument: --format"],
    ["download -f", "flag needs an argument: -f"],
    ["download --timeout 1", "invalid argument for --timeout"],
    ["download --timeout soon --timeout 1s", "invalid argument for --timeout"],
    ["download --logger.level=high", "invalid argument for --logger.level: expected an integer"],
    [
      "download --storage.enable-multicontainer=SECRET",
      "invalid argument for --storage.enable-multicontainer: expected true or false",
    ],
    ["download --input-interface AQI", "invalid argument for --input-interface: expected standard base64 with padding"],
    ["sidecar --interface _-8=", "invalid argument for --interface: expected standard base64 with padding"],
    ["download --storage.stow.config SECRET", "--storage.stow.config: a pair is key=value"],
    ["config", "use one of the sub-commands of config"],
  ])("%j: %s", (line, message) => {
    const argv = line === "" ? [] : line.split(" ");
    const refusal = refusalOf(argv);
    expect(refusal).toMatchObject({
      code: "invalid_argument",
      origin: "user",
      message: expect.stringContaining(message) as string,
    });
    expect(String(refusal)).not.toContain("SECRET");
  });

  test("any words give an invocation or a typed error", () => {
    const names = [...persistentFlags, ...downloadFlags, ...sidecarFlags].map((flag) => `--${flag.name}`);
    const words = fc.oneof(
      fc.constantFrom("download", "sidecar", "config", "--", "-", "-hs", "-sx", ...names),
      fc.string(),
    );
    const joined = fc.tuple(words, fc.string()).map(([a, b]) => `${a}=${b}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(words, joined), { maxLength: 8 }), (argv) => {
        const refusal = refusalOf(argv);
        if (refusal !== undefined) expect(refusal).toBeInstanceOf(DataPlaneError);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("choiceOf", () => {
  test("takes a choice exactly as spelled and names the others on refusal", () => {
    expect(choiceOf("--format", metadataFormats, "YAML")).toBe("YAML");
    expect(choiceOf("--start-watcher-type", watcherTypes, "noop")).toBe("noop");
    for (const [flag, choices, text] of [
      ["--format", metadataFormats, "json"],
      ["--download-mode", downloadModes, ""],
      ["--file-input-layout", fileInputLayouts, "DIRECT "],
    ] as const) {
      expect(() => choiceOf<string>(flag, choices, text)).toThrow(
        `${flag} ${JSON.stringify(text)}: use one of ${choices.join(", ")}`,
      );
    }
  });
});

function refusalOf(argv: readonly string[]): unknown {
  try {
    parseCopilotArgs(argv);
    return undefined;
  } catch (error) {
    return error;
  }
}
