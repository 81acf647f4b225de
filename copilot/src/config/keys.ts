/**
 * Every key of the configuration: what files may hold and strict reading accepts. Names, defaults and the split into
 * sections are shared with other programs that start or configure copilot.
 */

/** How a value is read; `texts` is one text or a list of them. */
export type KeyKind = "text" | "number" | "switch" | "duration" | "texts";

export interface Key {
  /** Dotted; a last part of `*` stands for every key of a free map, one in the middle for every scheme. */
  readonly name: string;
  readonly kind: KeyKind;
  /** As text; absent for none. */
  readonly initial?: string;
  readonly what: string;
}

const unused = "accepted, without effect";

export const keys: readonly Key[] = [
  { name: "storage.type", kind: "text", initial: "stow", what: "s3, minio, local, mem, or stow to follow stow.kind" },
  { name: "storage.stow.kind", kind: "text", initial: "s3", what: "s3 or local" },
  { name: "storage.stow.config.*", kind: "text", what: "settings of the store; see the list below" },
  { name: "storage.container", kind: "text", what: "bucket of the task's data; needed for s3" },
  {
    name: "storage.enable-multicontainer",
    kind: "switch",
    initial: "false",
    what: "whether other buckets of the same scheme may be used",
  },
  {
    name: "storage.limits.maxDownloadMBs",
    kind: "number",
    initial: "2",
    what: "most MiB of one object that is read; 0 for any size",
  },
  { name: "storage.cache.max_size_mbs", kind: "number", initial: "0", what: unused },
  { name: "storage.cache.target_gc_percent", kind: "number", initial: "0", what: unused },
  {
    name: "storage.defaultHttpClient.timeout",
    kind: "duration",
    initial: "0s",
    what: "most time for a connection, for the first byte of an answer and between two; 0 for 10 s, 60 s and 60 s",
  },
  { name: "storage.defaultHttpClient.maxIdleConns", kind: "number", initial: "1024", what: unused },
  { name: "storage.defaultHttpClient.maxIdleConnsPerHost", kind: "number", initial: "1024", what: unused },
  {
    name: "storage.defaultHttpClient.maxConnsPerHost",
    kind: "number",
    initial: "0",
    what: "most connections to one host; 0 for 64",
  },
  { name: "storage.defaultHttpClient.idleConnTimeout", kind: "duration", initial: "1m30s", what: unused },
  { name: "storage.defaultHttpClient.headers.*", kind: "texts", what: unused },
  { name: "storage.redis.addr", kind: "text", what: unused },
  { name: "storage.redis.username", kind: "text", what: unused },
  { name: "storage.redis.password", kind: "text", what: unused },
  { name: "storage.redis.db", kind: "number", initial: "0", what: unused },
  { name: "storage.schemes.*.kind", kind: "text", what: "store behind another scheme; s3 for the scheme s3" },
  { name: "storage.schemes.*.config.*", kind: "text", what: "settings of that store, as in stow.config" },
  { name: "storage.schemes.*.redis.addr", kind: "text", what: unused },
  { name: "storage.schemes.*.redis.username", kind: "text", what: unused },
  { name: "storage.schemes.*.redis.password", kind: "text", what: unused },
  { name: "storage.schemes.*.redis.db", kind: "number", what: unused },
  { name: "storage.signedUrl.stowConfigOverride.*", kind: "text", what: unused },
  {
    name: "logger.level",
    kind: "number",
    initial: "3",
    what: "0 panic, 1 fatal, 2 error, 3 warning, 4 info, 5 debug",
  },
  { name: "logger.formatter.type", kind: "text", initial: "json", what: "json, text or gcp" },
  { name: "logger.show-source", kind: "switch", initial: "false", what: unused },
  { name: "logger.mute", kind: "switch", initial: "false", what: "writes no log at all" },
  { name: "otel.type", kind: "text", what: unused },
  { name: "otel.file.filename", kind: "text", what: unused },
  { name: "otel.jaeger.endpoint", kind: "text", what: unused },
  { name: "otel.otlpgrpc.endpoint", kind: "text", what: unused },
  { name: "otel.otlphttp.endpoint", kind: "text", what: unused },
  { name: "otel.sampler.parentSampler", kind: "text", what: unused },
  { name: "otel.sampler.traceIdRatio", kind: "text", what: unused },
  {
    name: "copilot.max-simple-bytes",
    kind: "number",
    initial: "1024",
    what: "sidecar: most bytes of the text of one simple output",
  },
  {
    name: "copilot.void-outputs",
    kind: "switch",
    initial: "false",
    what: "sidecar: a task without outputs too is waited for, its _ERROR read, and an empty outputs.pb written",
  },
  {
    name: "copilot.success-marker",
    kind: "switch",
    initial: "false",
    what: "sidecar: begins as soon as the task leaves the file _SUCCESS in its output directory",
  },
  {
    name: "copilot.primary-status-file",
    kind: "text",
    what: "sidecar: file with the task's exit status; after another than 0 nothing is uploaded",
  },
  {
    name: "copilot.report-margin",
    kind: "duration",
    what: "sidecar: so long before the end of --timeout the upload stops, to report; a tenth of it, at most 30s",
  },
  {
    name: "copilot.optional-files",
    kind: "text",
    initial: "ABSENT",
    what: "download, layout NAMED_DIR: what stands for an optional file that is none: ABSENT nothing, EMPTY a folder",
  },
  {
    name: "copilot.decode-msgpack",
    kind: "switch",
    initial: "false",
    what: "download: beside a binary x in msgpack lies the same as JSON, x.json",
  },
  {
    name: "copilot.verify",
    kind: "text",
    initial: "known",
    what: "download: known compares an object's CRC or, where a store keeps none, its MD5; checksums only CRCs",
  },
  {
    name: "copilot.progress-interval",
    kind: "duration",
    initial: "10s",
    what: "how often the log, at level info, says what was moved so far; 0 for never",
  },
];

/** Sections that a configuration file may have. */
export const sections: readonly string[] = [...new Set(keys.map(({ name }) => name.slice(0, name.indexOf("."))))];

export function isMapKey({ name }: Key): boolean {
  return name.includes("*");
}

/** The variable of the environment that sets a key: upper case, `-` as `_`, dots kept. */
export function variableOf(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}
