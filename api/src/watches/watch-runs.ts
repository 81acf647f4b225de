import { create } from "@bufbuild/protobuf";
import { ListRequestSchema, Sort_Direction } from "@flyte-dataplane/proto/flyteidl2/common/list";
import {
  type ListRunsRequest,
  ListRunsRequestSchema,
  type WatchRunsRequest,
  type WatchRunsResponse,
  WatchRunsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { invalid, projectKey, type RunKey, rootActionName, taskKey } from "../identifiers.ts";
import type { ActionRow } from "../runs/action-row.ts";
import { runOf } from "../runs/action-view.ts";
import { listRuns } from "../runs/list-runs.ts";
import { readAction } from "../runs/read-actions.ts";
import type { RunsDeps } from "../runs/runs-deps.ts";
import { nextOrIdle } from "./deadline.ts";

const snapshotRuns = 100;

/** The latest runs in one message, if there are any; then those that change, as they are. Never ends by itself. */
export async function* watchRuns(
  deps: RunsDeps,
  request: WatchRunsRequest,
  signal: AbortSignal,
): AsyncIterable<WatchRunsResponse> {
  const { scopeBy, inPlace, inRow } = targetOf(request.target);
  const list = create(ListRunsRequestSchema, {
    scopeBy,
    request: create(ListRequestSchema, {
      limit: snapshotRuns,
      sortByFields: [{ key: "created_at", direction: Sort_Direction.DESCENDING }],
    }),
  });
  const subscription = await deps.changes.runs(inPlace);
  try {
    for (let snapshot = true; ; ) {
      if (snapshot) {
        const { runs } = await listRuns(deps.database, list);
        if (runs.length > 0) yield create(WatchRunsResponseSchema, { runs });
      }
      const batch = await nextOrIdle(subscription, { clock: deps.clock, idleMs: deps.config.watchKeepAliveMs, signal });
      if (batch === undefined) {
        snapshot = false;
        yield create(WatchRunsResponseSchema);
        continue;
      }
      snapshot = batch.everything;
      if (snapshot) continue;
      const rows = await Promise.all(batch.changed.map((run) => readRoot(deps, run)));
      const runs = rows
        .filter((row) => row !== undefined)
        .filter(inRow)
        .map(runOf);
      if (runs.length > 0) yield create(WatchRunsResponseSchema, { runs });
    }
  } finally {
    subscription.close();
  }
}

function readRoot(deps: RunsDeps, run: RunKey): Promise<ActionRow | undefined> {
  return readAction(deps.database, { ...run, name: rootActionName });
}

interface Target {
  readonly scopeBy: ListRunsRequest["scopeBy"];
  /** What a notification can tell. */
  readonly inPlace: (run: RunKey) => boolean;
  /** What only the row can tell. */
  readonly inRow: (row: ActionRow) => boolean;
}

const anything = () => true;

function targetOf(target: WatchRunsRequest["target"]): Target {
  switch (target.case) {
    case "org":
    case "clusterId":
      return { scopeBy: { case: undefined }, inPlace: anything, inRow: anything };
    case "projectId": {
      const { project, domain } = projectKey("project_id", target.value);
      return { scopeBy: target, inPlace: (run) => run.project === project && run.domain === domain, inRow: anything };
    }
    case "taskId": {
      const task = taskKey("task_id", target.value);
      return {
        scopeBy: target,
        inPlace: anything,
        inRow: (row) =>
          row.taskProject === task.project &&
          row.taskDomain === task.domain &&
          row.taskName === task.name &&
          row.taskVersion === task.version,
      };
    }
    default:
      throw invalid("target: one of org, cluster_id, project_id and task_id must be given");
  }
}
