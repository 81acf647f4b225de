/** What a server that was killed left running: its database server. A start adopts it; a reset must end it first. */

import { join } from "node:path";
import { createLogger, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import type { DataDirectory } from "./data-directory.ts";
import { startEmbeddedPostgres } from "./postgres.ts";
import { findPostmaster } from "./postmaster-file.ts";

export async function stopLeftovers(data: DataDirectory, temporary: string): Promise<void> {
  if ((await findPostmaster(join(data.path, "postgres"))) === undefined) return;
  const adopted = await startEmbeddedPostgres({
    data,
    env: {},
    temporary,
    clock: systemClock,
    logger: createLogger({ level: "error" }),
  });
  await adopted.stop();
}
