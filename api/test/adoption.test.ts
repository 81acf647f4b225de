/** A database that has the tables already: what is in it stays and is served, and whoever wrote it can go on. */
import { createDatabase, type Database, dynamicStatement } from "@flyte-dataplane/runtime/database";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { afterAll, beforeAll, expect, test } from "vitest";
import { referenceTablesSql } from "../src/schema/reference-tables.ts";
import { type Harness, startApi, startDatabases } from "./harness.ts";
import { ActionPhase, actionId, projectId, runId } from "./messages.ts";
import { silent } from "./silent.ts";

let databases: Awaited<ReturnType<typeof startDatabases>>;
let before: Database;
let api: Harness;
let record: readonly object[];

/** As a program writes it that knows the contract's columns alone. */
const insertRun = (run: string) =>
  dynamicStatement(`
    insert into actions (project, domain, run_name, name, phase, run_source, action_type, task_type, function_name, detailed_info)
      values ('flytesnacks', 'development', '${run}', 'a0', 5, 'RUN_SOURCE_CLI', 1, 'python', 'f', '\\x');
    insert into action_events (project, domain, run_name, name, attempt, phase, version)
      values ('flytesnacks', 'development', '${run}', 'a0', 1, 5, 0);
    select pg_notify('run_updates', 'flytesnacks/development/${run}');
    select pg_notify('action_updates', 'flytesnacks/development/${run}/a0')`);
const selectRecord = dynamicStatement("select * from schema_migrations order by version");

beforeAll(async () => {
  databases = await startDatabases();
  const url = await databases.create();
  before = createDatabase({ url, clock: systemClock, logger: silent });
  await before.query(dynamicStatement(referenceTablesSql));
  await before.query(
    dynamicStatement(`create table schema_migrations (version text primary key, applied_at timestamptz);
      insert into schema_migrations values ('runs/20260408110000_init_schema', '2026-04-09'), ('runs/20260501000000_later', '2026-05-02');
      insert into projects (identifier, name, description) values ('flytesnacks', 'Snacks', 'kept')`),
  );
  await before.query(insertRun("old"));
  record = (await before.query(selectRecord)).rows;
  api = await startApi({ url, loops: false });
});
afterAll(async () => {
  await api.close();
  await before.close();
  await databases.close();
});

test("the record of what the other program has done is left alone", async () => {
  expect((await before.query(selectRecord)).rows).toEqual(record);
});

test("a run that was there is listed and has its details", async () => {
  const { runs } = await api.runs.listRuns({ scopeBy: { case: "projectId", value: projectId } });
  expect(runs.map(({ action }) => action?.id?.run?.name)).toEqual(["old"]);
  const { details } = await api.runs.getActionDetails({ actionId: actionId("old") });
  expect(details?.status?.phase).toBe(ActionPhase.SUCCEEDED);
});

test("a project that was there keeps what is said of it", async () => {
  const { rows } = await before.query(dynamicStatement("select name, description from projects"));
  expect(rows).toEqual([{ name: "Snacks", description: "kept" }]);
});

test("the other program can go on writing, and a watch sees it", async () => {
  const stop = new AbortController();
  const watch = api.runs.watchActions({ runId: runId("beside") }, { signal: stop.signal });
  const seen = (async () => {
    for await (const { enrichedActions } of watch) if (enrichedActions.length > 0) return enrichedActions;
    return [];
  })();
  // Until somebody listens, a notification reaches nobody.
  await expect.poll(() => api.metrics.render(), { interval: 10, timeout: 20_000 }).toContain("flyte_run_watches 1");
  await before.query(insertRun("beside"));
  expect((await seen).map(({ action }) => action?.id?.name)).toEqual(["a0"]);
  stop.abort();
});
