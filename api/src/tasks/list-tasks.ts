import { create } from "@bufbuild/protobuf";
import {
  type ListTasksRequest,
  type ListTasksResponse,
  ListTasksResponseSchema,
  type ListVersionsRequest,
  type ListVersionsResponse,
  ListVersionsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import { dynamicStatement, type Queryable } from "@flyte-dataplane/runtime/database";
import { invalid, part, projectKey } from "../identifiers.ts";
import { columns, fieldTable } from "../lists/fields.ts";
import { filterSql } from "../lists/filter-sql.ts";
import { type ListShape, pageOf } from "../lists/page.ts";
import { Parameters } from "../lists/parameters.ts";
import { timestampFromMicros } from "../times.ts";
import { type TaskRow, taskColumns } from "./task-store.ts";
import { deployer, taskOf } from "./task-view.ts";

const always = { notNull: true };

const fields = fieldTable({
  ...columns("tasks", "text", ["project", "domain", "name", "version", "environment"], always),
  ...columns("tasks", "text", ["function_name", "deployed_by"], always),
  ...columns("tasks", "time", ["created_at", "updated_at"], always),
  ...columns("tasks", "number", ["total_triggers", "active_triggers"], always),
  ...columns("tasks", "text", ["trigger_name", "env_description", "short_description"]),
});

const taskList: ListShape = {
  fields,
  defaultOrder: [
    { key: "created_at", descending: true },
    { key: "name", descending: true },
    { key: "project", descending: true },
    { key: "domain", descending: true },
  ],
  tieBreak: [
    { key: "name", descending: false },
    { key: "project", descending: false },
    { key: "domain", descending: false },
  ],
};

const versionList: ListShape = {
  fields: fieldTable({
    ...columns("tasks", "text", ["version"], always),
    ...columns("tasks", "time", ["created_at"], always),
  }),
  defaultOrder: [
    { key: "created_at", descending: true },
    { key: "version", descending: true },
  ],
  tieBreak: [{ key: "version", descending: false }],
};

/** One entry per name: the newest of the versions that pass the filters. Totals count names, whatever the page. */
export async function listTasks(database: Queryable, request: ListTasksRequest): Promise<ListTasksResponse> {
  const parameters = new Parameters();
  const scope = scopeSql(request.scopeBy, parameters);
  const known = knownSql(request.knownFilters, parameters);
  const filters = [...filterSql(request.request?.filters ?? [], fields, parameters), ...known];
  // Filters choose among versions before the newest is picked; the page is then cut from the names.
  const newest = `SELECT DISTINCT ON (project, domain, name) * FROM tasks ${whereSql([...scope, ...filters])}
    ORDER BY project, domain, name, created_at DESC, version DESC`;
  const counted = [...parameters.values];
  const scopeText = JSON.stringify([request.scopeBy.case, parameters.values]);
  const page = pageOf(request.request, taskList, scopeText, parameters);
  const text = `SELECT ${taskColumns}${page.cursorColumns} FROM (${newest}) AS tasks ${whereSql(page.where)} ${page.tail}`;
  const totals = `SELECT (SELECT count(DISTINCT (project, domain, name))::int FROM tasks ${whereSql(scope)}) AS total,
    (SELECT count(*)::int FROM (${newest}) AS newest) AS filtered`;
  const [{ rows }, counts] = await Promise.all([
    database.query(dynamicStatement<TaskRow>(text), parameters.values),
    database.query(dynamicStatement<{ total: number; filtered: number }>(totals), counted),
  ]);
  const { rows: kept, token } = page.cut(rows);
  const { total = 0, filtered = 0 } = counts.rows[0] ?? {};
  return create(ListTasksResponseSchema, {
    tasks: kept.map(taskOf),
    token,
    metadata: { total, filteredTotal: filtered },
  });
}

export async function listVersions(database: Queryable, request: ListVersionsRequest): Promise<ListVersionsResponse> {
  const name = request.taskName;
  if (name === undefined) throw invalid("task_name: missing");
  const parameters = new Parameters();
  const scope = [
    `tasks.project = ${parameters.add(part("task_name.project", name.project))}`,
    `tasks.domain = ${parameters.add(part("task_name.domain", name.domain))}`,
    `tasks.name = ${parameters.add(part("task_name.name", name.name, 255))}`,
  ];
  const page = pageOf(request.request, versionList, JSON.stringify(parameters.values), parameters);
  const text = `SELECT ${taskColumns}${page.cursorColumns} FROM tasks ${whereSql([...scope, ...page.where])} ${page.tail}`;
  const { rows } = await database.query(dynamicStatement<TaskRow>(text), parameters.values);
  const { rows: kept, token } = page.cut(rows);
  return create(ListVersionsResponseSchema, {
    token,
    versions: kept.map((row) => ({
      version: row.version,
      deployedAt: timestampFromMicros(row.createdAt),
      ...(row.deployedBy === "" ? {} : { deployedBy: deployer(row.deployedBy) }),
    })),
  });
}

function scopeSql(scope: ListTasksRequest["scopeBy"], parameters: Parameters): readonly string[] {
  if (scope.case !== "projectId") return [];
  const key = projectKey("project_id", scope.value);
  return [`tasks.project = ${parameters.add(key.project)}`, `tasks.domain = ${parameters.add(key.domain)}`];
}

function knownSql(filters: ListTasksRequest["knownFilters"], parameters: Parameters): readonly string[] {
  return filters.flatMap(({ filterBy }) =>
    filterBy.case === "deployedBy" ? [`tasks.deployed_by = ${parameters.add(filterBy.value)}`] : [],
  );
}

function whereSql(conditions: readonly string[]): string {
  return conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
}
