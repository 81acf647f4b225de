/**
 * Every flag of `flyte-copilot`, as data. The controller writes some of them and copilot reads all; names, short
 * forms and defaults are shared with other programs that start copilot.
 */

/** How a flag's text is read; `switch` stands alone or takes its value after `=`. */
export type FlagKind = "text" | "switch" | "number" | "duration" | "base64" | "pairs";

export interface Flag {
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  readonly kind: FlagKind;
  /** Accepted and without effect: other programs pass it. */
  readonly unused?: true;
}

const text = (name: string, short?: string): Flag => ({
  name,
  kind: "text",
  ...(short === undefined ? {} : { short }),
});
const unused = (flag: Flag): Flag => ({ ...flag, unused: true });

export const downloadFlags: readonly Flag[] = [
  text("from-remote", "f"),
  text("to-output-prefix"),
  text("to-local-dir", "o"),
  text("format", "m"),
  text("download-mode", "d"),
  text("file-input-layout"),
  { name: "timeout", short: "t", kind: "duration" },
  { name: "input-interface", short: "i", kind: "base64" },
];

export const sidecarFlags: readonly Flag[] = [
  text("to-output-prefix", "o"),
  text("to-raw-output", "x"),
  text("from-local-dir", "f"),
  { name: "interface", short: "i", kind: "base64" },
  text("meta-output-name"),
  text("format", "m"),
  text("upload-mode", "u"),
  { name: "timeout", short: "t", kind: "duration" },
  { name: "start-timeout", kind: "duration" },
  text("start-watcher-type"),
  unused(text("exit-watcher-type")),
];

export const configFlags: readonly Flag[] = [text("file"), { name: "strict", kind: "switch" }];

const settings: readonly Flag[] = [
  text("storage.type"),
  text("storage.container"),
  { name: "storage.enable-multicontainer", kind: "switch" },
  { name: "storage.limits.maxDownloadMBs", kind: "number" },
  { name: "storage.cache.max_size_mbs", kind: "number" },
  { name: "storage.cache.target_gc_percent", kind: "number" },
  text("storage.stow.kind"),
  { name: "storage.stow.config", kind: "pairs" },
  { name: "storage.defaultHttpClient.timeout", kind: "duration" },
  { name: "storage.defaultHttpClient.maxIdleConns", kind: "number" },
  { name: "storage.defaultHttpClient.maxIdleConnsPerHost", kind: "number" },
  { name: "storage.defaultHttpClient.maxConnsPerHost", kind: "number" },
  { name: "storage.defaultHttpClient.idleConnTimeout", kind: "duration" },
  text("storage.redis.addr"),
  text("storage.redis.username"),
  text("storage.redis.password"),
  { name: "storage.redis.db", kind: "number" },
  { name: "logger.level", kind: "number" },
  text("logger.formatter.type"),
  { name: "logger.show-source", kind: "switch" },
  { name: "logger.mute", kind: "switch" },
  text("otel.type"),
  text("otel.file.filename"),
  text("otel.jaeger.endpoint"),
  text("otel.otlpgrpc.endpoint"),
  text("otel.otlphttp.endpoint"),
  text("otel.sampler.parentSampler"),
  text("otel.sampler.traceIdRatio"),
  { name: "copilot.max-simple-bytes", kind: "number" },
  { name: "copilot.void-outputs", kind: "switch" },
  { name: "copilot.success-marker", kind: "switch" },
  text("copilot.primary-status-file"),
  { name: "copilot.report-margin", kind: "duration" },
  text("copilot.optional-files"),
  { name: "copilot.decode-msgpack", kind: "switch" },
  { name: "copilot.progress-interval", kind: "duration" },
  text("copilot.verify"),
];

const kubernetesTexts =
  "kubeconfig server context cluster user token as as-uid as-group username password certificate-authority client-certificate client-key tls-server-name proxy-url request-timeout cache-dir";
const klogTexts = "vmodule stderrthreshold log_dir log_file log_file_max_size log_backtrace_at";
const unusedSwitches =
  "insecure-skip-tls-verify disable-compression logtostderr alsologtostderr skip_headers skip_log_headers add_dir_header one_output";

/** Accepted before and after the sub-command. */
export const persistentFlags: readonly Flag[] = [
  text("config"),
  text("err-output-name"),
  { name: "strict-exit", kind: "switch" },
  { name: "help", short: "h", kind: "switch" },
  ...settings,
  unused({ name: "show-source", short: "s", kind: "switch" }),
  unused(text("namespace", "n")),
  unused(text("v", "v")),
  ...`${kubernetesTexts} ${klogTexts}`.split(" ").map((name) => unused(text(name))),
  ...unusedSwitches.split(" ").map((name) => unused({ name, kind: "switch" })),
];

/** Whether a flag is a key of the configuration, whose text overrides files and environment. */
export function isSetting(name: string): boolean {
  return /^(storage|logger|otel|copilot)\./.test(name);
}

/** Whether `name`, in any case, is a flag that every command accepts. */
export function isCopilotFlag(name: string): boolean {
  return persistentFlags.some((flag) => flag.name.toLowerCase() === name.toLowerCase());
}

/** Flags that have an effect, for whoever completes a command line: those of every command, and of single ones. */
export function copilotFlagNames(): ReadonlyMap<string, readonly string[]> {
  const names = (flags: readonly Flag[]): readonly string[] =>
    flags.filter((flag) => flag.unused !== true).map((flag) => flag.name);
  return new Map([
    ["", names(persistentFlags)],
    ["download", names(downloadFlags)],
    ["sidecar", names(sidecarFlags)],
    ["config", names(configFlags)],
  ]);
}
