/** Reads of single actions and what hangs on them. */
import { type Queryable, statement } from "@flyte-dataplane/runtime/database";
import type { ActionKey } from "../identifiers.ts";
import {
  type ActionDetailsRow,
  type ActionRow,
  actionColumns,
  actionDetailsColumns,
  keyValues,
  whereKey,
} from "./action-row.ts";

const selectAction = statement<ActionRow>("api_action", `SELECT ${actionColumns} FROM actions WHERE ${whereKey}`);

const selectDetails = statement<ActionDetailsRow>(
  "api_action_details",
  `SELECT ${actionDetailsColumns} FROM actions WHERE ${whereKey}`,
);

const selectSpec = statement<{ spec: Uint8Array }>("api_task_spec", "SELECT spec FROM task_specs WHERE digest = $1");

// An action that fails over and over has more events than anybody reads: the first and the last of each attempt tell
// how it began and how it ended.
const selectEvents = statement<{ info: Uint8Array }>(
  "api_action_events",
  `SELECT info FROM (
     SELECT info, attempt, phase, version,
            row_number() OVER by_order AS position,
            count(*) OVER (PARTITION BY attempt) AS total
     FROM action_events
     WHERE project = $1 AND domain = $2 AND run_name = $3 AND name = $4 AND ($5::int IS NULL OR attempt = $5)
     WINDOW by_order AS (PARTITION BY attempt ORDER BY phase, version)
   ) AS events
   WHERE info IS NOT NULL AND (position <= 250 OR position > total - 250)
   ORDER BY attempt, phase, version`,
);

export async function readAction(database: Queryable, key: ActionKey): Promise<ActionRow | undefined> {
  return (await database.query(selectAction, keyValues(key))).rows[0];
}

export async function readActionDetails(database: Queryable, key: ActionKey): Promise<ActionDetailsRow | undefined> {
  return (await database.query(selectDetails, keyValues(key))).rows[0];
}

/** TaskSpec or TraceSpec bytes as they were stored. */
export async function readSpec(database: Queryable, digest: string): Promise<Uint8Array | undefined> {
  return (await database.query(selectSpec, [digest])).rows[0]?.spec;
}

/** ActionEvent bytes ordered by attempt, phase and version; at most 500 per attempt, its first and its last. */
export async function readEvents(
  database: Queryable,
  key: ActionKey,
  attempt?: number,
): Promise<readonly Uint8Array[]> {
  const { rows } = await database.query(selectEvents, [...keyValues(key), attempt ?? null]);
  return rows.map((row) => row.info);
}
