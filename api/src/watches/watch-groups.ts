import { create, equals } from "@bufbuild/protobuf";
import { type TaskGroup, TaskGroupSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import {
  type WatchGroupsRequest,
  type WatchGroupsResponse,
  WatchGroupsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { projectKey } from "../identifiers.ts";
import type { RunsDeps } from "../runs/runs-deps.ts";
import { nextOrIdle } from "./deadline.ts";
import { readTaskGroups } from "./task-groups.ts";

/** Re-reading all groups for every change of a busy project would keep the database busy for nobody's eyes. */
const pauseMs = 1_000;

/**
 * All groups at once and again whenever they have changed; one that is gone comes once more, marked for deletion. A
 * window that has an end is answered once.
 */
export async function* watchGroups(
  deps: RunsDeps,
  request: WatchGroupsRequest,
  signal: AbortSignal,
): AsyncIterable<WatchGroupsResponse> {
  const scope = request.scopeBy.case === "projectId" ? request.scopeBy.value : undefined;
  const { project, domain } = projectKey("project_id", scope);
  const subscription = await deps.changes.runs((run) => run.project === project && run.domain === domain);
  try {
    let sent: readonly TaskGroup[] | undefined;
    for (;;) {
      const groups = await readTaskGroups(deps.database, request);
      if (sent === undefined || !isSame(sent, groups)) {
        const gone = (sent ?? []).filter(({ taskName }) => !groups.some((group) => group.taskName === taskName));
        sent = groups;
        const deleted = gone.map(({ taskName }) => create(TaskGroupSchema, { taskName, shouldDelete: true }));
        yield create(WatchGroupsResponseSchema, { taskGroups: [...groups, ...deleted], sentinel: true });
      }
      if (request.endDate !== undefined) return;
      const idle = { clock: deps.clock, idleMs: deps.config.watchKeepAliveMs, signal };
      if ((await nextOrIdle(subscription, idle)) !== undefined) await deps.clock.sleep(pauseMs, { signal });
      // The groups themselves again: an empty answer would read as "no groups left".
      else sent = undefined;
    }
  } finally {
    subscription.close();
  }
}

function isSame(left: readonly TaskGroup[], right: readonly TaskGroup[]): boolean {
  return (
    left.length === right.length &&
    left.every((group, index) => {
      const other = right[index];
      return other !== undefined && equals(TaskGroupSchema, group, other);
    })
  );
}
