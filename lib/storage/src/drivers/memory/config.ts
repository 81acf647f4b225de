import type { Clock } from "@flyte-dataplane/core";

/** The memory driver has nothing to set but the clock that dates its objects. */
export interface MemoryConfig {
  readonly clock: Clock;
}
