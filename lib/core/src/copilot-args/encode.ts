import { DataPlaneError } from "../errors.ts";
import { formatDuration, fromNanos } from "../text/duration.ts";
import { copilotConfigGlob, copilotProgram } from "../wire-names.ts";
import type { FileInputLayout, MetadataFormat } from "./choices.ts";
import { formatPair } from "./stow-config.ts";

/** How copilot reaches the object store: the part of its command line that names no task. */
export interface CopilotCommandOptions {
  /** Number of the log level, 0 to 5. */
  readonly loggerLevel: number;
  readonly enableMultiContainer?: boolean;
  readonly container?: string;
  /** `storage.type`: s3, minio, local, mem, stow. */
  readonly storageType: string;
  /**
   * Pairs on the command line, visible to everyone who may read Pods; or configuration files from a mounted Secret.
   * With files, `stow` overrides what they say.
   */
  readonly configFiles?: boolean;
  readonly stow?: StowSettings;
}

export interface StowSettings {
  /** s3, google, azure, local. */
  readonly kind: string;
  readonly config: Readonly<Record<string, string>>;
}

/**
 * The container's `command`. Throws `failed_precondition` when neither files nor a complete `stow` say how to reach
 * the store.
 */
export function copilotCommand(options: CopilotCommandOptions): string[] {
  const command = [copilotProgram, "--storage.limits.maxDownloadMBs=0", `--logger.level=${options.loggerLevel}`];
  if (options.enableMultiContainer === true) command.push("--storage.enable-multicontainer");
  if (options.container !== undefined && options.container !== "")
    command.push(`--storage.container=${options.container}`);
  command.push(`--storage.type=${options.storageType}`);
  if (options.configFiles === true) command.push("--config", copilotConfigGlob);
  if (options.configFiles !== true || options.stow !== undefined) command.push(...stowFlags(options.stow));
  return command;
}

function stowFlags(stow: StowSettings | undefined): string[] {
  const pairs = Object.entries(stow?.config ?? {});
  if (stow === undefined || stow.kind === "" || pairs.length === 0) {
    throw new DataPlaneError("failed_precondition", "copilot's store is not configured: set its kind and its pairs");
  }
  return [
    ...pairs.flatMap(([key, value]) => ["--storage.stow.config", formatPair(key, value)]),
    `--storage.stow.kind=${stow.kind}`,
  ];
}

export interface DownloadArgs {
  readonly fromRemote: string;
  readonly toOutputPrefix: string;
  readonly toLocalDir: string;
  readonly format: MetadataFormat;
  readonly fileInputLayout: FileInputLayout;
  /** Serialized core.VariableMap. */
  readonly inputInterface: Uint8Array;
}

/** The `args` of the container that stages inputs. */
export function downloadArgs(options: DownloadArgs): string[] {
  return [
    "download",
    "--from-remote",
    options.fromRemote,
    "--to-output-prefix",
    options.toOutputPrefix,
    "--to-local-dir",
    options.toLocalDir,
    "--format",
    options.format,
    "--file-input-layout",
    options.fileInputLayout,
    "--input-interface",
    Buffer.from(options.inputInterface).toString("base64"),
  ];
}

export interface SidecarArgs {
  /** Whole milliseconds. */
  readonly timeoutMs: number;
  readonly toRawOutput: string;
  readonly toOutputPrefix: string;
  readonly fromLocalDir: string;
  /** Serialized core.TypedInterface. */
  readonly interface: Uint8Array;
}

/** The `args` of the container that publishes outputs. */
export function sidecarArgs(options: SidecarArgs): string[] {
  return [
    "sidecar",
    "--timeout",
    formatDuration(fromNanos(BigInt(options.timeoutMs) * 1_000_000n)),
    "--to-raw-output",
    options.toRawOutput,
    "--to-output-prefix",
    options.toOutputPrefix,
    "--from-local-dir",
    options.fromLocalDir,
    "--interface",
    Buffer.from(options.interface).toString("base64"),
  ];
}
