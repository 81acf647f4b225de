/** What every command needs to know of the machine, as values: only main.ts reads the process. */
import { homedir } from "node:os";
import type { Env } from "@flyte-dataplane/core";
import { dataPath } from "../embedded/data-path.ts";

export interface Machine {
  readonly env: Env;
  /** -1 where the system has no such thing. */
  readonly uid: number;
  readonly temporary: string;
  /** Words that start copilot. */
  readonly copilot: readonly string[];
  /** Writes one line for a person to standard output. */
  readonly say: (line: string) => void;
  readonly signals: SignalSource;
}

export interface SignalSource {
  on(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  off(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
}

/** The data directory: `--data-dir`, else FLYTE_DATAPLANE_DATA_DIR, else the system's place. */
export function dataDirectory(machine: Machine, chosen: string | undefined): string {
  return dataPath({
    chosen: chosen ?? machine.env["FLYTE_DATAPLANE_DATA_DIR"] ?? "",
    env: machine.env,
    home: machine.env["HOME"] ?? homedir(),
    uid: machine.uid,
  });
}
