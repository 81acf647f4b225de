import { parseDuration } from "@flyte-dataplane/core";
import { type LoggerSettings, logFormats } from "../log.ts";
import type { StoreSettings } from "../store/store-settings.ts";
import { keys } from "./keys.ts";
import type { ConfigValues } from "./values.ts";

/** What the configuration says, in types that hold nothing else. */
export interface CopilotSettings {
  readonly store: StoreSettings;
  readonly logger: LoggerSettings;
  /** Most bytes of one object that is read; infinite for any size. */
  readonly maxObjectBytes: number;
  readonly copilot: CopilotBehaviour;
}

/** What other programs of this name do not offer. */
export interface CopilotBehaviour {
  /** Most bytes of the text of one simple output. */
  readonly maxSimpleBytes: number;
  /** A task without outputs is waited for too. */
  readonly voidOutputs: boolean;
  /** `_SUCCESS` ends the wait, as SIGTERM does. */
  readonly successMarker: boolean;
  /** Holds the exit status of the task; empty: nobody tells it. */
  readonly primaryStatusFile: string;
  /** Milliseconds of the time limit that are kept for a report; undefined: a part of the limit. */
  readonly reportMarginMs: number | undefined;
  readonly optionalFiles: (typeof optionalFiles)[number];
  readonly decodeMsgpack: boolean;
  readonly verify: (typeof verifications)[number];
  /** Milliseconds; 0: never. */
  readonly progressMs: number;
}

const optionalFiles = ["ABSENT", "EMPTY"] as const;
const verifications = ["known", "checksums"] as const;

/** Throws `invalid_argument` (origin user) for a word of a closed set that is none. */
export function settingsOf(values: ConfigValues): CopilotSettings {
  const mebibytes = number(values, "storage.limits.maxDownloadMBs");
  return {
    maxObjectBytes: mebibytes <= 0 ? Number.POSITIVE_INFINITY : mebibytes * 1024 * 1024,
    copilot: behaviourOf(values),
    logger: {
      level: values.get("logger.mute") === "true" ? -1 : number(values, "logger.level"),
      format: values.choice("logger.formatter.type", logFormats, "json"),
    },
    store: {
      type: values.choice("storage.type", ["stow", "s3", "minio", "local", "mem", "redis"], "stow"),
      kind: values.get("storage.stow.kind"),
      config: values.map("storage.stow.config"),
      container: values.get("storage.container") ?? "",
      multiContainer: values.get("storage.enable-multicontainer") === "true",
      chosen: ["storage.type", "storage.stow", "storage.container"].some((name) => values.has(name)),
      s3Scheme: {
        kind: values.get("storage.schemes.s3.kind"),
        config: values.map("storage.schemes.s3.config"),
      },
      timeoutMs: durationMs(values, "storage.defaultHttpClient.timeout"),
      maxConnectionsPerHost: number(values, "storage.defaultHttpClient.maxConnsPerHost"),
    },
  };
}

function behaviourOf(values: ConfigValues): CopilotBehaviour {
  const isOn = (name: string): boolean => values.get(name) === "true";
  const margin = values.get("copilot.report-margin");
  return {
    maxSimpleBytes: number(values, "copilot.max-simple-bytes"),
    voidOutputs: isOn("copilot.void-outputs"),
    successMarker: isOn("copilot.success-marker"),
    primaryStatusFile: values.get("copilot.primary-status-file") ?? "",
    reportMarginMs: margin === undefined || margin === "" ? undefined : durationMs(values, "copilot.report-margin"),
    optionalFiles: values.choice("copilot.optional-files", optionalFiles, "ABSENT"),
    decodeMsgpack: isOn("copilot.decode-msgpack"),
    verify: values.choice("copilot.verify", verifications, "known"),
    progressMs: durationMs(values, "copilot.progress-interval"),
  };
}

function number(values: ConfigValues, name: string): number {
  return Number(values.get(name) ?? initial(name));
}

function durationMs(values: ConfigValues, name: string): number {
  return Number(parseDuration(values.get(name) ?? initial(name)) / 1_000_000n);
}

function initial(name: string): string {
  return keys.find((key) => key.name === name)?.initial ?? "";
}
