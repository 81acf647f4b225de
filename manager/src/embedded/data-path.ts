import { join, resolve } from "node:path";
import type { Env } from "@flyte-dataplane/core";

export interface DataPathInput {
  /** What the user chose, if anything. */
  readonly chosen: string;
  readonly env: Env;
  readonly home: string;
  /** -1 where the system has no such thing. */
  readonly uid: number;
}

/** Where the data stands: as chosen, else the system's place for root, else the user's own. Always absolute. */
export function dataPath(input: DataPathInput): string {
  if (input.chosen !== "") return resolve(input.chosen);
  if (input.uid === 0) return "/var/lib/flyte-dataplane";
  const base = input.env["XDG_DATA_HOME"];
  // The XDG specification says that a relative path there is to be ignored.
  return base?.startsWith("/") === true
    ? join(base, "flyte-dataplane")
    : join(input.home, ".local", "share", "flyte-dataplane");
}
