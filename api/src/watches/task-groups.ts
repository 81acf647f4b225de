/** Runs of a project gathered by task: how many, how they went, who started them. One query, whatever their number. */
import { create, fromBinary } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { EnrichedIdentitySchema } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import { Sort_Direction } from "@flyte-dataplane/proto/flyteidl2/common/list";
import { type TaskGroup, TaskGroupSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import type { WatchGroupsRequest } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { dynamicStatement, type Queryable } from "@flyte-dataplane/runtime/database";
import { invalid, projectKey } from "../identifiers.ts";
import { filterSql } from "../lists/filter-sql.ts";
import { largestPage } from "../lists/page.ts";
import { Parameters } from "../lists/parameters.ts";
import { runList } from "../runs/action-fields.ts";
import { micros, microsFromTimestamp, sqlTime, timestampFromMicros } from "../times.ts";

interface GroupRow {
  readonly taskName: string;
  readonly environmentName: string | null;
  readonly shortName: string | null;
  readonly total: number;
  readonly latestRun: bigint;
  readonly latestFinished: bigint | null;
  readonly failureRate: number;
  readonly durationMs: number | null;
  readonly toRunningMs: number | null;
  readonly recentNames: readonly string[];
  readonly recentPhases: readonly number[];
  /** Base64 of EnrichedIdentity bytes. */
  readonly createdBy: readonly string[] | null;
  /** Runs by phase, of phase 1 first. */
  readonly phases: readonly number[];
  readonly userErrors: number;
  readonly systemErrors: number;
  readonly otherErrors: number;
}

/** Statuses shown per group. */
const recent = 10;
const phaseNumbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;

const hasFailed = "actions.phase IN (6, 8)";

const columns = `actions.task_name AS "taskName",
  max(actions.environment_name) AS "environmentName", max(actions.task_short_name) AS "shortName",
  count(*)::int AS total,
  ${micros("max(actions.created_at)")} AS "latestRun", ${micros("max(actions.ended_at)")} AS "latestFinished",
  avg((${hasFailed})::int)::float8 AS "failureRate", avg(actions.duration_ms)::float8 AS "durationMs",
  avg(extract(epoch FROM started.at - actions.created_at) * 1000)::float8 AS "toRunningMs",
  (array_agg(actions.run_name ORDER BY actions.created_at DESC))[1:${recent}] AS "recentNames",
  (array_agg(actions.phase ORDER BY actions.created_at DESC))[1:${recent}] AS "recentPhases",
  array_agg(DISTINCT encode(actions.created_by, 'base64')) FILTER (WHERE actions.created_by IS NOT NULL) AS "createdBy",
  ARRAY[${phaseNumbers.map((phase) => `count(*) FILTER (WHERE actions.phase = ${phase})::int`).join(", ")}] AS phases,
  (count(*) FILTER (WHERE ${hasFailed} AND failed.kind = 'KIND_USER'))::int AS "userErrors",
  (count(*) FILTER (WHERE ${hasFailed} AND failed.kind = 'KIND_SYSTEM'))::int AS "systemErrors",
  (count(*) FILTER (WHERE ${hasFailed} AND COALESCE(failed.kind, '') NOT IN ('KIND_USER', 'KIND_SYSTEM')))::int
    AS "otherErrors"`;

const ofAction = `event.project = actions.project AND event.domain = actions.domain
  AND event.run_name = actions.run_name AND event.name = actions.name`;

const source = `actions
  LEFT JOIN LATERAL (
    SELECT error_kind AS kind FROM action_events AS event WHERE ${ofAction} AND error_kind IS NOT NULL
    ORDER BY attempt DESC, phase DESC, version DESC LIMIT 1
  ) AS failed ON TRUE
  LEFT JOIN LATERAL (
    SELECT min(created_at) AS at FROM action_events AS event WHERE ${ofAction} AND phase = 4
  ) AS started ON TRUE`;

/** The groups of the request's window, the most recently run first unless it asks for another order. */
export async function readTaskGroups(database: Queryable, request: WatchGroupsRequest): Promise<readonly TaskGroup[]> {
  const parameters = new Parameters();
  const scope = request.scopeBy.case === "projectId" ? request.scopeBy.value : undefined;
  const { project, domain } = projectKey("project_id", scope);
  if (request.startDate === undefined) throw invalid("start_date: missing");
  const time = (field: string, value: NonNullable<typeof request.startDate>) =>
    `${parameters.add(sqlTime(microsFromTimestamp(field, value)))}::timestamptz`;
  const where = [
    "actions.parent_action_name IS NULL AND actions.task_name IS NOT NULL",
    `actions.project = ${parameters.add(project)} AND actions.domain = ${parameters.add(domain)}`,
    `actions.created_at >= ${time("start_date", request.startDate)}`,
    ...(request.endDate === undefined ? [] : [`actions.created_at <= ${time("end_date", request.endDate)}`]),
    ...filterSql(request.request?.filters ?? [], runList.fields, parameters),
  ];
  const ascending = request.knownSortFields.some(({ sortBy }) => sortBy.value === Sort_Direction.ASCENDING);
  const limit = Math.min(request.request?.limit || largestPage, largestPage);
  const text = `SELECT ${columns} FROM ${source} WHERE ${where.join(" AND ")} GROUP BY actions.task_name
    ORDER BY max(actions.created_at) ${ascending ? "ASC" : "DESC"}, actions.task_name LIMIT ${parameters.add(limit)}`;
  const { rows } = await database.query(dynamicStatement<GroupRow>(text), parameters.values);
  return rows.map(groupOf);
}

function groupOf(row: GroupRow): TaskGroup {
  return create(TaskGroupSchema, {
    taskName: row.taskName,
    environmentName: row.environmentName ?? "",
    shortName: row.shortName ?? "",
    totalRuns: BigInt(row.total),
    latestRunTime: timestampFromMicros(row.latestRun),
    averageFailureRate: row.failureRate,
    recentStatuses: row.recentNames.map((runName, index) => ({ runName, phase: row.recentPhases[index] ?? 0 })),
    createdBy: (row.createdBy ?? []).map((bytes) => fromBinary(EnrichedIdentitySchema, Buffer.from(bytes, "base64"))),
    errorCounts: {
      userError: BigInt(row.userErrors),
      systemError: BigInt(row.systemErrors),
      unspecifiedError: BigInt(row.otherErrors),
    },
    phaseCounts: phaseNumbers
      .map((phase, index) => ({ phase, count: BigInt(row.phases[index] ?? 0) }))
      .filter(({ count }) => count > 0n),
    ...(row.latestFinished === null ? {} : { latestFinishedTime: timestampFromMicros(row.latestFinished) }),
    ...(row.durationMs === null ? {} : { averageDuration: durationOf(row.durationMs) }),
    ...(row.toRunningMs === null ? {} : { averageTimeToRunning: durationOf(row.toRunningMs) }),
  });
}

function durationOf(ms: number): Duration {
  // Clocks of two machines may disagree about which came first.
  const whole = Math.max(0, Math.round(ms));
  return create(DurationSchema, { seconds: BigInt(Math.floor(whole / 1000)), nanos: (whole % 1000) * 1_000_000 });
}
