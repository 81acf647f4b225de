/** A server's first start on a PostgreSQL that has nothing of ours, and its second. */
import { createDatabase, dynamicStatement } from "@flyte-dataplane/runtime/database";
import { createLogger, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { startTestPostgres } from "@flyte-dataplane/test-support";
import { expect, test } from "vitest";
import { emptyHome, runMain } from "./server-process.ts";

/** By table: columns as `name type`, with `!` where null is refused, in alphabetical order (runs-api.md 5.2). */
const columns: Readonly<Record<string, string>> = {
  actions:
    "abort_attempt_count integer!, abort_reason text, abort_requested_at timestamptz, action_details bytea, action_group text, " +
    "action_spec bytea, action_type integer!, attempts integer!, cache_status integer!, created_at timestamptz!, created_by bytea, " +
    "created_by_subject text, detailed_info bytea, domain text!, duration_ms bigint, ended_at timestamptz, environment_name text, " +
    "function_name text!, name text!, parent_action_name text, phase integer!, project text!, run_name text!, run_source text!, " +
    "run_spec bytea, task_domain text, task_name text, task_project text, task_short_name text, task_type text!, task_version text, " +
    "trigger_name text, trigger_revision bigint, trigger_task_name text, updated_at timestamptz!",
  action_events:
    "attempt integer!, created_at timestamptz!, domain text!, error_kind text, info bytea, name text!, phase integer!, project text!, " +
    "run_name text!, updated_at timestamptz!, version integer!",
  task_specs: "created_at timestamptz!, digest text!, spec bytea!, updated_at timestamptz!",
  tasks:
    "active_triggers integer!, created_at timestamptz!, deployed_by text!, domain text!, env_description text, environment text!, " +
    "function_name text!, name text!, project text!, short_description text, task_spec bytea, total_triggers integer!, " +
    "trigger_automation_spec bytea, trigger_name text, trigger_types bit(10), updated_at timestamptz!, version text!",
  triggers:
    "active boolean!, automation_spec bytea, automation_type text!, deleted_at timestamptz, deployed_at timestamptz!, deployed_by text, " +
    "description text, id bigint!, latest_revision bigint!, name text!, project text!, domain text!, spec bytea!, task_name text!, " +
    "task_version text!, triggered_at timestamptz, updated_at timestamptz!, updated_by text",
  trigger_revisions:
    "action text!, active boolean!, automation_spec bytea, automation_type text!, created_at timestamptz!, deleted_at timestamptz, " +
    "deployed_at timestamptz!, deployed_by text, domain text!, name text!, project text!, revision bigint!, spec bytea!, task_name text!, " +
    "task_version text!, triggered_at timestamptz, updated_at timestamptz!, updated_by text",
  projects:
    "created_at timestamptz!, description varchar(300), identifier text!, labels bytea, name text, state integer, updated_at timestamptz!",
  settings: "created_at timestamptz!, data jsonb, id bigint!, key text!, updated_at timestamptz!, version bigint!",
};

const indexes = [
  "actions (abort_requested_at)",
  "actions (created_at)",
  "actions (created_by_subject)",
  "actions (parent_action_name)",
  "actions (phase)",
  "actions (project, domain, run_name)",
  "actions (project, domain, run_name) WHERE (phase = 9)",
  "actions (project, domain, run_name, created_at, name)",
  "actions (project, domain, run_name, name)",
  "action_events (error_kind)",
  "action_events (project, domain, run_name, name, attempt, phase, version)",
  "task_specs (digest)",
  "tasks (project, domain, name, version)",
  "triggers (active, automation_type)",
  "triggers (id)",
  "triggers (project, domain, task_name, name)",
  "trigger_revisions (project, domain, task_name, name, revision)",
  "projects (identifier)",
  "projects (state)",
  "settings (id)",
  "settings (key)",
];

const selectColumns = dynamicStatement<{ table: string; column: string }>(
  `select c.relname as table, a.attname || ' ' || replace(replace(format_type(a.atttypid, a.atttypmod),
     'timestamp with time zone', 'timestamptz'), 'character varying', 'varchar') || case when a.attnotnull then '!' else '' end as column
   from pg_attribute a join pg_class c on c.oid = a.attrelid
   where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped`,
);
const selectIndexes = dynamicStatement<{ name: string; index: string }>(
  "select indexname as name, tablename || regexp_replace(indexdef, '^.*USING btree', '') as index from pg_indexes where schemaname = 'public'",
);
const selectRows = dynamicStatement<{ row: string }>(
  `select to_jsonb(p)::text as row from projects p union all select to_jsonb(m)::text from dataplane_migrations m
   union all select to_jsonb(s)::text from schema_migrations s order by 1`,
);
const selectSeeds = dynamicStatement<{ identifier: string }>("select identifier from projects");

test("a start makes the database, its tables, indexes and first project, and a second start changes nothing [runs 5]", async () => {
  const postgres = await startTestPostgres();
  const home = await emptyHome();
  const url = postgres.url.replace("/postgres?", "/runs?");
  const serve = async (): Promise<void> => {
    const server = runMain(["serve", "--port", "0", "--log-level", "silent"], {
      HOME: home.path,
      TMPDIR: home.path,
      DATABASE_URL: url,
      FLYTE_DATAPLANE_DATA_DIR: `${home.path}/data`,
    });
    await server.printed(/ready on/);
    server.child.kill("SIGTERM");
    expect(await server.ended, server.stderr()).toBe(0);
  };
  await serve();
  const database = createDatabase({ url, clock: systemClock, logger: createLogger({ level: "silent" }) });
  const contents = async (): Promise<unknown> => ({
    columns: (await database.query(selectColumns)).rows,
    indexes: (await database.query(selectIndexes)).rows,
    rows: (await database.query(selectRows)).rows,
  });

  const found = (await database.query(selectColumns)).rows;
  for (const [table, expected] of Object.entries(columns))
    expect(
      found.filter((row) => row.table === table).map(({ column }) => column),
      table,
    ).toEqual(expect.arrayContaining(expected.split(", ")));
  const held = (await database.query(selectIndexes)).rows.map(({ index }) => index);
  expect(held).toEqual(expect.arrayContaining(indexes));
  expect((await database.query(selectSeeds)).rows).toEqual([{ identifier: "flytesnacks" }]);

  const before = await contents();
  await serve();
  expect(await contents()).toEqual(before);
  await database.close();
  await postgres.stop();
  await home.remove();
});
