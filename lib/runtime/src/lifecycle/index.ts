export { systemClock } from "./clock.ts";
export {
  createLifecycle,
  type Lifecycle,
  type LifecycleOptions,
  type SignalEmitter,
  type Stopped,
} from "./lifecycle.ts";
export { createLogger, type LoggerOptions, type LogLevel } from "./logger.ts";
export { createMetrics, type MetricsRegistry, type Sample } from "./metrics.ts";
export { redactText } from "./redact.ts";
