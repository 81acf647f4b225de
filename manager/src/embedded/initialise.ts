/** Makes the database cluster, once per data directory. */
import { execFile } from "node:child_process";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { DataPlaneError, type Env, type Logger } from "@flyte-dataplane/core";
import type { Programs } from "./programs.ts";
import type { ServerUser } from "./server-user.ts";

export interface InitialiseOptions {
  /** Where the cluster stands. */
  readonly cluster: string;
  readonly programs: Programs;
  readonly user: ServerUser;
  readonly env: Env;
  readonly logger: Logger;
}

/** Who owns everything in the cluster; only the socket's directory says who may connect. */
export const databaseUser = "flyte";

/** True when it made the cluster, false when there is one. A run that was cut off leaves a draft, which is made anew. */
export async function initialise(options: InitialiseOptions): Promise<boolean> {
  if ((await stat(options.cluster).catch(() => undefined)) !== undefined) return false;
  const draft = `${options.cluster}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await options.user.own(draft);
  options.logger.info({ directory: options.cluster }, "initialising the database");
  const {
    command,
    args,
    options: as,
  } = options.user.command(options.programs.initdb, [
    `--pgdata=${draft}`,
    `--username=${databaseUser}`,
    "--auth=trust",
    "--encoding=UTF8",
    "--no-locale",
    "--no-instructions",
  ]);
  try {
    await promisify(execFile)(command, [...args], {
      ...as,
      cwd: "/",
      env: { PATH: options.env["PATH"], LC_ALL: "C", ...options.programs.environment },
    });
  } catch (error) {
    const words =
      error instanceof Error && "stderr" in error
        ? String(error.stderr).trim().split("\n").slice(-2).join(" ")
        : String(error);
    throw new DataPlaneError("internal", `initialise embedded postgres in ${options.cluster}: ${words}`, {
      cause: error,
    });
  }
  await rename(draft, options.cluster);
  return true;
}
