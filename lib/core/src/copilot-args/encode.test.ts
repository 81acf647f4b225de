import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CopilotCommandOptions, copilotCommand, downloadArgs, sidecarArgs } from "./encode.ts";
import { parseCopilotArgs } from "./parse.ts";

const withFlags: CopilotCommandOptions = {
  loggerLevel: 5,
  enableMultiContainer: true,
  container: "bucket",
  storageType: "s3",
  stow: { kind: "s3", config: { access_key_id: "ak", secret_key: "ab==" } },
};

describe("copilotCommand", () => {
  test("pairs on the command line come after the type, the kind last", () => {
    expect(copilotCommand(withFlags)).toEqual([
      "/bin/flyte-copilot",
      "--storage.limits.maxDownloadMBs=0",
      "--logger.level=5",
      "--storage.enable-multicontainer",
      "--storage.container=bucket",
      "--storage.type=s3",
      "--storage.stow.config",
      "access_key_id=ak",
      "--storage.stow.config",
      "secret_key=ab==",
      "--storage.stow.kind=s3",
    ]);
  });

  test("with configuration files no pair is on the command line", () => {
    expect(copilotCommand({ loggerLevel: 1, storageType: "stow", configFiles: true })).toEqual([
      "/bin/flyte-copilot",
      "--storage.limits.maxDownloadMBs=0",
      "--logger.level=1",
      "--storage.type=stow",
      "--config",
      "/etc/flyte/copilot/*.yaml",
    ]);
  });

  test("an override stands beside the configuration files", () => {
    const command = copilotCommand({ ...withFlags, configFiles: true });
    expect(command.slice(6, 9)).toEqual(["--config", "/etc/flyte/copilot/*.yaml", "--storage.stow.config"]);
  });

  test.each([
    ["no store", {}],
    ["no kind", { stow: { kind: "", config: { a: "b" } } }],
    ["no pairs", { stow: { kind: "s3", config: {} } }],
  ])("%s cannot be turned into a command", (_, changes) => {
    expect(() => copilotCommand({ loggerLevel: 1, storageType: "s3", ...changes })).toThrow(
      expect.objectContaining({ code: "failed_precondition" }) as Error,
    );
  });
});

describe("what the controller writes, copilot reads", () => {
  const text = fc.string({ minLength: 1 });

  test("every download", () => {
    const options = fc.record({
      fromRemote: text,
      toOutputPrefix: text,
      toLocalDir: text,
      format: fc.constantFrom("JSON" as const, "YAML" as const, "PROTO" as const),
      fileInputLayout: fc.constantFrom("DIRECT" as const, "NAMED_DIR" as const),
      inputInterface: fc.uint8Array(),
    });
    fc.assert(
      fc.property(options, (given) => {
        const argv = [...copilotCommand(withFlags).slice(1), ...downloadArgs(given)];
        const read = parseCopilotArgs(argv);
        expect(read.command).toEqual({
          name: "download",
          downloadMode: "DOWNLOAD_EAGER",
          timeoutMs: 3_600_000,
          ...given,
        });
        expect(read.options.stowConfig).toEqual(new Map(Object.entries(withFlags.stow?.config ?? {})));
      }),
    );
  });

  test("every sidecar", () => {
    const options = fc.record({
      timeoutMs: fc.integer({ min: 1, max: 10 ** 12 }),
      toRawOutput: text,
      toOutputPrefix: text,
      fromLocalDir: text,
      interface: fc.uint8Array(),
    });
    fc.assert(
      fc.property(options, (given) => {
        const read = parseCopilotArgs([...copilotCommand(withFlags).slice(1), ...sidecarArgs(given)]);
        expect(read.command).toMatchObject({ name: "sidecar", ...given });
      }),
    );
  });

  test("the sidecar's arguments stand in the order that other programs know", () => {
    const args = sidecarArgs({
      timeoutMs: 3_600_000,
      toRawOutput: "r",
      toOutputPrefix: "o",
      fromLocalDir: "/out",
      interface: new Uint8Array([1, 2]),
    });
    expect(args.join(" ")).toBe(
      "sidecar --timeout 1h0m0s --to-raw-output r --to-output-prefix o --from-local-dir /out --interface AQI=",
    );
  });
});
