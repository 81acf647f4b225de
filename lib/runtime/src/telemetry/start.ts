/**
 * Traces for OpenTelemetry, when its environment variables ask for them. OpenTelemetry's packages take longer to load
 * than the rest of a start, so nothing here imports them until it is known that they are wanted.
 */
import { telemetrySettings } from "./settings.ts";
import type { Telemetry, TelemetryOptions } from "./telemetry.ts";

/** Undefined unless a variable asks for traces. Rejects with `invalid_argument` for one that asks for what we do not have. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry | undefined> {
  const settings = telemetrySettings(options.env);
  if (settings === undefined) return undefined;
  const { startTraces } = await import("./traces.ts");
  return startTraces(settings, options);
}
