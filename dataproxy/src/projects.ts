import { Code, ConnectError } from "@connectrpc/connect";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { DataproxyOptions } from "./options.ts";
import { absent } from "./refusal.ts";

/** Rejects with `not_found` for a project nobody created, `internal` when the project service does not answer (dataproxy.md 2.2). */
export async function requireProject(
  options: DataproxyOptions,
  operation: string,
  project: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await options.projects.getProject({ id: project }, { signal });
  } catch (error) {
    const { code } = ConnectError.from(error);
    if (code === Code.NotFound)
      throw absent(operation, `there is no project "${project}"; create it or check the spelling`);
    if (code === Code.Canceled || code === Code.DeadlineExceeded) throw error;
    throw new DataPlaneError("internal", `${operation}: the project service did not answer for "${project}"`, {
      cause: error,
    });
  }
}
