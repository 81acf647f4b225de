import type { Clock } from "@flyte-dataplane/core";
import type { Config } from "@flyte-dataplane/runtime/config";
import type { Machine } from "../commands/places.ts";
import type { LockRecord } from "../embedded/lock-file.ts";

/** What every check may look at. */
export interface Patient {
  readonly config: Config;
  readonly machine: Machine;
  /** Absolute path of the data directory, which need not be there. */
  readonly directory: string;
  /** The live server of that directory. */
  readonly server: LockRecord | undefined;
  readonly clock: Clock;
}
