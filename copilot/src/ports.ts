import type { Clock, Env } from "@flyte-dataplane/core";

/** The process, as commands see it; `main.ts` fills it. */
export interface ProcessPorts {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly pid: number;
  readonly workingDirectory: string;
  readonly env: Env;
  /** Sets the permission bits that new files and folders lack. */
  readonly setFileMask: (mask: number) => void;
  /** Aborts at the first SIGTERM, and ever after counts as aborted. */
  readonly terminated: AbortSignal;
  readonly clock: Clock;
  /** As `v20.19.0`. */
  readonly nodeVersion: string;
  /** File that a pod's status shows the content of; need not be there. */
  readonly terminationLog: string;
}
