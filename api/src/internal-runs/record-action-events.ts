import { create, toBinary } from "@bufbuild/protobuf";
import type { Clock, Logger } from "@flyte-dataplane/core";
import {
  type RecordActionEventsRequest,
  type RecordActionEventsResponse,
  RecordActionEventsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import {
  type ActionEvent,
  ActionEventSchema,
  ErrorInfo_Kind,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { type Database, statement } from "@flyte-dataplane/runtime/database";
import { actionKey, actionPath, invalid, rootActionName, runPath } from "../identifiers.ts";
import { actionChannel, runChannel } from "../runs/announce.ts";
import { sqlTimeFromMs } from "../times.ts";
import { bodyStatus } from "./body-status.ts";

const chunkRows = 5_000;

const insertEvents = statement(
  "api_insert_events",
  `INSERT INTO action_events (project, domain, run_name, name, attempt, phase, version, info, error_kind, created_at, updated_at)
   SELECT *, $10::timestamptz, $10::timestamptz
   FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::int[], $8::bytea[], $9::text[])
   ON CONFLICT DO NOTHING`,
);

export interface RecordActionEventsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Stores events, all of them or none; those stored before are skipped, so that sending again is safe. Never touches a
 * row's phase.
 */
export async function recordActionEvents(
  deps: RecordActionEventsDeps,
  request: RecordActionEventsRequest,
): Promise<RecordActionEventsResponse> {
  const status = await bodyStatus(deps.logger, async () => {
    if (request.events.length === 0) throw invalid("events: none given");
    const rows = request.events.map(toRow);
    const now = sqlTimeFromMs(deps.clock.now());
    await deps.database.transaction(async (transaction) => {
      for (let from = 0; from < rows.length; from += chunkRows) {
        const chunk = rows.slice(from, from + chunkRows);
        await transaction.query(insertEvents, [...columnsOf(chunk), now]);
      }
      for (const path of new Set(rows.map(actionPath))) await transaction.notify(actionChannel, path);
      for (const path of new Set(rows.filter(isRoot).map(runOf))) await transaction.notify(runChannel, path);
    });
  });
  return create(RecordActionEventsResponseSchema, { status });
}

type EventRow = ReturnType<typeof toRow>;

function toRow(event: ActionEvent, index: number) {
  const field = `events[${index}]`;
  if (event.attempt === 0) throw invalid(`${field}.attempt: must be above 0`);
  const key = actionKey(`${field}.id`, event.id);
  const errorKind = event.errorInfo === undefined ? null : kindName(event.errorInfo.kind);
  const { attempt, phase, version } = event;
  return { ...key, attempt, phase, version, info: toBinary(ActionEventSchema, event), errorKind };
}

function columnsOf(rows: readonly EventRow[]) {
  return [
    rows.map((row) => row.project),
    rows.map((row) => row.domain),
    rows.map((row) => row.runName),
    rows.map((row) => row.name),
    rows.map((row) => row.attempt),
    rows.map((row) => row.phase),
    rows.map((row) => row.version),
    rows.map((row) => row.info),
    rows.map((row) => row.errorKind),
  ];
}

// A run's details change with its root's events, and run watches only hear of runs.
function isRoot(row: EventRow): boolean {
  return row.name === rootActionName;
}

function runOf(row: EventRow): string {
  return runPath(row);
}

/** The stored spelling: the name of the enum value. */
function kindName(kind: ErrorInfo_Kind): string {
  return `KIND_${(ErrorInfo_Kind[kind] as string | undefined) ?? "UNSPECIFIED"}`;
}
