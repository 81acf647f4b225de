import { defineSection, duration, integer, type Section } from "@flyte-dataplane/runtime/config";

export interface CacheServiceConfig {
  /** Milliseconds. */
  readonly maxReservationHeartbeat: number;
  readonly heartbeatGracePeriodMultiplier: number;
}

/** Keys and defaults of the reference; a value that is not positive means the default (cache-service.md 2.7). */
export const cacheServiceSection: Section<CacheServiceConfig> = defineSection(
  "cache_service",
  "Memoized task outputs and who may compute them.",
  {
    maxReservationHeartbeat: duration({
      doc: "Longest interval between two extensions of a reservation; a longer request is cut to it.",
      default: 10_000,
    }),
    heartbeatGracePeriodMultiplier: integer({
      doc: "A reservation expires after so many heartbeat intervals without an extension.",
      default: 3,
    }),
  },
);

/** The settings in force: what is not positive falls back to the default. */
export function effective(config: CacheServiceConfig): CacheServiceConfig {
  return {
    maxReservationHeartbeat: config.maxReservationHeartbeat > 0 ? config.maxReservationHeartbeat : 10_000,
    heartbeatGracePeriodMultiplier:
      config.heartbeatGracePeriodMultiplier > 0 ? config.heartbeatGracePeriodMultiplier : 3,
  };
}
