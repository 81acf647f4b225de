import { create } from "@bufbuild/protobuf";
import { type Filter, Filter_Function } from "@flyte-dataplane/proto/flyteidl2/common/list";
import { EnrichedActionSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import {
  type WatchActionsRequest,
  type WatchActionsResponse,
  WatchActionsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { statement } from "@flyte-dataplane/runtime/database";
import { invalid, type RunKey, runKey } from "../identifiers.ts";
import { type ActionRow, actionColumns } from "../runs/action-row.ts";
import { actionOf } from "../runs/action-view.ts";
import type { RunsDeps } from "../runs/runs-deps.ts";
import { sqlTime } from "../times.ts";
import { type ActionTree, createActionTree, type ShownNode } from "./action-tree.ts";
import { nextOrIdle } from "./deadline.ts";

const pageRows = 1_000;

const selectPage = statement<ActionRow>(
  "api_actions_page",
  `SELECT ${actionColumns} FROM actions
   WHERE project = $1 AND domain = $2 AND run_name = $3 AND (created_at, name) > ($4::timestamptz, $5)
   ORDER BY created_at, name LIMIT ${pageRows}`,
);

const selectNamed = statement<ActionRow>(
  "api_actions_named",
  `SELECT ${actionColumns} FROM actions
   WHERE project = $1 AND domain = $2 AND run_name = $3 AND name = ANY ($4::text[]) ORDER BY created_at, name`,
);

/**
 * The run's actions that the filters show, in pages; then what changes, gathered over a short while. Sends nothing for
 * an empty or unknown run, and never ends by itself.
 */
export async function* watchActions(
  deps: RunsDeps,
  request: WatchActionsRequest,
  signal: AbortSignal,
): AsyncIterable<WatchActionsResponse> {
  const run = runKey("run_id", request.runId);
  const tree = createActionTree<ActionRow>(parseFilters(request.filter));
  const subscription = await deps.changes.actionsOf(run);
  try {
    for (let snapshot = true; ; ) {
      if (snapshot) {
        for await (const rows of pages(deps, run)) {
          tree.upsert(rows);
          yield* messages(tree);
        }
      }
      const batch = await nextOrIdle(subscription, { clock: deps.clock, idleMs: deps.config.watchKeepAliveMs, signal });
      if (batch === undefined) {
        snapshot = false;
        yield create(WatchActionsResponseSchema);
        continue;
      }
      snapshot = batch.everything;
      if (!snapshot) {
        const names = batch.changed.map(({ name }) => name);
        const { rows } = await deps.database.query(selectNamed, [run.project, run.domain, run.runName, names]);
        tree.upsert(rows);
        yield* messages(tree);
      }
      // A burst of changes re-sends every ancestor: once per while is enough for eyes.
      await deps.clock.sleep(deps.config.watchCoalesceMs, { signal });
    }
  } finally {
    subscription.close();
  }
}

async function* pages(deps: RunsDeps, run: RunKey): AsyncIterable<readonly ActionRow[]> {
  let after = { time: "-infinity", name: "" };
  for (;;) {
    const values = [run.project, run.domain, run.runName, after.time, after.name];
    const { rows } = await deps.database.query(selectPage, values);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < pageRows) return;
    after = { time: sqlTime(last.createdAt), name: last.name };
  }
}

function* messages(tree: ActionTree<ActionRow>): Iterable<WatchActionsResponse> {
  const shown = tree.changes();
  if (shown.length > 0) yield create(WatchActionsResponseSchema, { enrichedActions: shown.map(enrich) });
}

function enrich(node: ShownNode<ActionRow>) {
  return create(EnrichedActionSchema, {
    action: actionOf(node.row),
    meetsFilter: node.visible,
    childrenPhaseCounts: Object.fromEntries(node.childrenPhaseCounts),
  });
}

function parseFilters(filters: readonly Filter[]): (row: ActionRow) => boolean {
  const tests = filters.map(parseFilter);
  return (row) => tests.every((test) => test(row));
}

function parseFilter(filter: Filter): (row: ActionRow) => boolean {
  if (filter.field === "PHASE" && filter.function === Filter_Function.VALUE_IN) {
    if (!filter.values.every((value) => /^\d{1,2}$/.test(value))) throw invalid("filter on PHASE: a value is no phase");
    const phases = new Set(filter.values.map(Number));
    return (row) => phases.has(row.phase);
  }
  if (filter.field === "NAME" && filter.function === Filter_Function.CONTAINS_CASE_INSENSITIVE) {
    const wanted = filter.values[0]?.toLowerCase();
    if (wanted === undefined) throw invalid("filter on NAME: no value given");
    return (row) => shownName(row).toLowerCase().includes(wanted);
  }
  throw invalid(`filter on "${filter.field}": only PHASE with VALUE_IN and NAME with CONTAINS_CASE_INSENSITIVE`);
}

/** The last dotted part of the task's, trace's or condition's name. */
function shownName(row: ActionRow): string {
  const name = row.taskName ?? "";
  return name === "" ? row.name : name.slice(name.lastIndexOf(".") + 1);
}
