export { startTelemetry } from "./start.ts";
export type { Telemetry, TelemetryOptions } from "./telemetry.ts";
