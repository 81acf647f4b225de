/** Reads the planner's choice for the list queries over a table large enough that a wrong index would show. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Sort_Direction } from "@flyte-dataplane/proto/flyteidl2/common/list";
import { ListActionsRequestSchema, ListRunsRequestSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ListStatement } from "../src/lists/page.ts";
import { listActionsSql } from "../src/runs/list-actions.ts";
import { listRunsSql } from "../src/runs/list-runs.ts";
import { type Harness, startApi } from "./harness.ts";
import { projectId, runId } from "./messages.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false });
  await api.database.query({
    text: `INSERT INTO actions (project, domain, run_name, name, parent_action_name, phase, created_at, task_project,
        task_domain, task_name, task_version, run_labels)
      SELECT 'p' || run % 20, 'development', 'r' || run, CASE WHEN a = 0 THEN 'a0' ELSE 'c' || a END,
        CASE WHEN a > 0 THEN 'a0' END, 5, now() - run * interval '1 second', 'p', 'development', 'task' || run % 50, 'v1',
        CASE WHEN a = 0 AND run % 500 = 0 THEN '{"team": "a"}'::jsonb END
      FROM generate_series(1, 8000) AS run, generate_series(0, 4) AS a`,
  });
  await api.database.query({ text: "ANALYZE actions" });
});
afterAll(() => api.close());

interface Plan {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly Plans?: readonly Plan[];
}

async function plan({ text, parameters }: ListStatement): Promise<readonly Plan[]> {
  const [row] = await api.rows<{ "QUERY PLAN": readonly { Plan: Plan }[] }>(
    `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
    parameters.values,
  );
  const root = row?.["QUERY PLAN"][0]?.Plan;
  if (root === undefined) throw new Error("no plan");
  const flat = (node: Plan): readonly Plan[] => [node, ...(node.Plans ?? []).flatMap(flat)];
  return flat(root);
}

/** Whoever reads the table reads it by an index, and not many more rows than the page has. */
function expectIndexed(nodes: readonly Plan[], index: RegExp): void {
  expect(nodes.map((node) => node["Node Type"])).not.toContain("Seq Scan");
  const scans = nodes.filter((node) => node["Index Name"] !== undefined);
  expect(scans.map((node) => node["Index Name"])).toContainEqual(expect.stringMatching(index));
  for (const scan of scans) expect(scan["Actual Rows"]).toBeLessThanOrEqual(400);
}

const newest = { key: "created_at", direction: Sort_Direction.DESCENDING };
const inProject = { case: "projectId" as const, value: { ...projectId, name: "p7" } };
const runs = (over: MessageInitShape<typeof ListRunsRequestSchema>) => listRunsSql(create(ListRunsRequestSchema, over));

test("the newest runs of a project are read from their index", async () => {
  expectIndexed(await plan(runs({ scopeBy: inProject, request: { sortByFields: [newest] } })), /roots_recent/);
});

test("a later page starts in the index where the last one ended", async () => {
  const request = { sortByFields: [newest], limit: 20 };
  const first = runs({ scopeBy: inProject, request });
  const { rows } = await api.database.query<Record<string, unknown>>(first, first.parameters.values);
  const { token } = first.page.cut(rows);
  expectIndexed(await plan(runs({ scopeBy: inProject, request: { ...request, token } })), /roots_recent/);
});

test("runs in the default order are read from their index", async () => {
  expectIndexed(await plan(runs({ scopeBy: inProject })), /roots_default/);
});

test("the newest runs of every project are read from their index", async () => {
  expectIndexed(
    await plan(runs({ scopeBy: { case: "org", value: "any" }, request: { sortByFields: [newest] } })),
    /roots_all/,
  );
});

test("the runs of a task are read from their index", async () => {
  const value = { project: "p", domain: "development", name: "task7", version: "v1" };
  expectIndexed(
    await plan(runs({ scopeBy: { case: "taskId", value }, request: { sortByFields: [newest] } })),
    /roots_task/,
  );
});

test("the actions of a run are read from the index of their order", async () => {
  const request = { sortBy: { key: "created_at", direction: Sort_Direction.ASCENDING } };
  const list = create(ListActionsRequestSchema, { runId: runId("r7", { project: "p7" }), request });
  expectIndexed(await plan(listActionsSql(list)), /actions_run|actions_pkey/);
});
