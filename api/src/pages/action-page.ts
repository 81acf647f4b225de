/** Reads one page of a run's actions, in the order of their creation, with what is needed to show it as a tree. */
import { type Queryable, statement } from "@flyte-dataplane/runtime/database";
import type { RunKey } from "../identifiers.ts";
import { type ActionRow, actionColumns } from "../runs/action-row.ts";
import { type PhaseFilter, phaseFilters } from "./run-view.ts";

/** Rows of one page, without the ancestors that it takes to place them. */
export const actionsPerPage = 200;
/** How far up ancestors are looked for. */
const ancestorLevels = 12;

export interface ActionPage {
  readonly page: number;
  readonly pages: number;
  readonly filter: PhaseFilter;
  /** The page's own, and their ancestors. */
  readonly rows: readonly ActionRow[];
  /** Actions of the whole run by phase. */
  readonly phases: ReadonlyMap<number, number>;
  readonly groups: readonly GroupCount[];
}

/** How many actions of one group below one parent are in one phase. */
export interface GroupCount {
  readonly parent: string;
  readonly group: string;
  readonly phase: number;
  readonly count: number;
}

const ofRun = "actions.project = $1 AND actions.domain = $2 AND actions.run_name = $3";

const countPhases = statement<{ phase: number; count: number }>(
  "page_phases",
  `SELECT phase, count(*)::int AS count FROM actions WHERE ${ofRun} GROUP BY phase ORDER BY phase`,
);

const selectPage = statement<ActionRow>(
  "page_actions",
  `SELECT ${actionColumns} FROM actions WHERE ${ofRun} AND (cardinality($4::int[]) = 0 OR phase = ANY ($4::int[]))
   ORDER BY created_at, name LIMIT ${actionsPerPage} OFFSET $5`,
);

const selectAncestors = statement<ActionRow>(
  "page_ancestors",
  `WITH RECURSIVE above (name, level) AS (
     SELECT unnest($4::text[]), 1
     UNION
     SELECT actions.parent_action_name, above.level + 1 FROM above JOIN actions
       ON ${ofRun} AND actions.name = above.name
     WHERE actions.parent_action_name IS NOT NULL AND above.level < ${ancestorLevels}
   )
   SELECT ${actionColumns} FROM actions WHERE ${ofRun} AND actions.name IN (SELECT name FROM above)`,
);

const countGroups = statement<GroupCount>(
  "page_groups",
  `SELECT COALESCE(parent_action_name, '') AS parent, action_group AS group, phase, count(*)::int AS count
   FROM actions WHERE ${ofRun} AND action_group = ANY ($4::text[]) GROUP BY 1, 2, 3 LIMIT 2000`,
);

/** A page past the end is the last one. */
export async function readActionPage(
  database: Queryable,
  run: RunKey,
  { page, filter }: { readonly page: number; readonly filter: PhaseFilter },
): Promise<ActionPage> {
  const key = [run.project, run.domain, run.runName];
  const counted = (await database.query(countPhases, key)).rows;
  const phases = new Map(counted.map((row) => [row.phase, row.count]));
  const wanted = phaseFilters[filter];
  const total = countOf(phases, wanted);
  const pages = Math.max(1, Math.ceil(total / actionsPerPage));
  const shown = Math.min(page, pages);
  const { rows } = await database.query(selectPage, [...key, [...wanted], (shown - 1) * actionsPerPage]);
  const names = new Set(rows.map((row) => row.name));
  const absent = rows.flatMap((row) => (row.parentActionName === null ? [] : [row.parentActionName]));
  const missing = [...new Set(absent)].filter((name) => !names.has(name));
  const ancestors = missing.length === 0 ? [] : (await database.query(selectAncestors, [...key, missing])).rows;
  const all = [...ancestors.filter((row) => !names.has(row.name)), ...rows];
  const groups = [...new Set(all.flatMap((row) => row.actionGroup || []))];
  return {
    page: shown,
    pages,
    filter,
    rows: all,
    phases,
    groups: groups.length === 0 ? [] : (await database.query(countGroups, [...key, groups])).rows,
  };
}

/** Actions in one of `wanted`; without any wanted all of them. */
export function countOf(phases: ReadonlyMap<number, number>, wanted: readonly number[]): number {
  let count = 0;
  for (const [phase, amount] of phases) if (wanted.length === 0 || wanted.includes(phase)) count += amount;
  return count;
}
