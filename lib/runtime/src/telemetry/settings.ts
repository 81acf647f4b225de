/** What OpenTelemetry's own variables say that its packages do not read by themselves. Pure. */
import { DataPlaneError, type Env } from "@flyte-dataplane/core";

export interface TelemetrySettings {
  /** Whether a caller's decision about a trace is followed. */
  readonly followsCaller: boolean;
  /** Share of the traces that begin here, 0 to 1. */
  readonly ratio: number;
  readonly batch: {
    readonly scheduledDelayMillis?: number;
    readonly exportTimeoutMillis?: number;
    readonly maxQueueSize?: number;
    readonly maxExportBatchSize?: number;
  };
}

const samplers: Readonly<Record<string, { readonly followsCaller: boolean; readonly ratio: number | "argument" }>> = {
  always_on: { followsCaller: false, ratio: 1 },
  always_off: { followsCaller: false, ratio: 0 },
  traceidratio: { followsCaller: false, ratio: "argument" },
  parentbased_always_on: { followsCaller: true, ratio: 1 },
  parentbased_always_off: { followsCaller: true, ratio: 0 },
  parentbased_traceidratio: { followsCaller: true, ratio: "argument" },
};

/** Undefined unless an endpoint or an exporter is named and nothing switches it off. Throws `invalid_argument`. */
export function telemetrySettings(env: Env): TelemetrySettings | undefined {
  const value = (name: string): string => env[`OTEL_${name}`]?.trim() ?? "";
  const exporter = value("TRACES_EXPORTER");
  const wanted =
    exporter !== "" || value("EXPORTER_OTLP_ENDPOINT") !== "" || value("EXPORTER_OTLP_TRACES_ENDPOINT") !== "";
  if (!wanted || exporter === "none" || value("SDK_DISABLED").toLowerCase() === "true") return undefined;
  if (exporter !== "" && exporter !== "otlp") throw unknown("OTEL_TRACES_EXPORTER", exporter, "otlp or none");
  const protocol = value("EXPORTER_OTLP_TRACES_PROTOCOL") || value("EXPORTER_OTLP_PROTOCOL");
  if (protocol !== "" && protocol !== "http/protobuf")
    throw unknown("OTEL_EXPORTER_OTLP_PROTOCOL", protocol, "http/protobuf");
  const name = value("TRACES_SAMPLER") || "parentbased_always_on";
  const sampler = samplers[name];
  if (sampler === undefined) throw unknown("OTEL_TRACES_SAMPLER", name, Object.keys(samplers).join(", "));
  const number = (variable: string): number | undefined => {
    const text = value(variable);
    if (text === "") return undefined;
    const read = Number(text);
    if (!Number.isFinite(read) || read < 0) throw unknown(`OTEL_${variable}`, text, "a number from 0 up");
    return read;
  };
  const ratio = sampler.ratio === "argument" ? (number("TRACES_SAMPLER_ARG") ?? 1) : sampler.ratio;
  if (ratio > 1) throw unknown("OTEL_TRACES_SAMPLER_ARG", String(ratio), "a share from 0 to 1");
  return {
    followsCaller: sampler.followsCaller,
    ratio,
    batch: withoutAbsent({
      scheduledDelayMillis: number("BSP_SCHEDULE_DELAY"),
      exportTimeoutMillis: number("BSP_EXPORT_TIMEOUT"),
      maxQueueSize: number("BSP_MAX_QUEUE_SIZE"),
      maxExportBatchSize: number("BSP_MAX_EXPORT_BATCH_SIZE"),
    }),
  };
}

function withoutAbsent(values: Readonly<Record<string, number | undefined>>): TelemetrySettings["batch"] {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function unknown(variable: string, value: string, known: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `read ${variable}: "${value}" is not known here; it may be ${known}`, {
    origin: "user",
  });
}
