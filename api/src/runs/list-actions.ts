import { create } from "@bufbuild/protobuf";
import {
  type ListActionsRequest,
  type ListActionsResponse,
  ListActionsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { dynamicStatement, type Queryable } from "@flyte-dataplane/runtime/database";
import { runKey, runPath } from "../identifiers.ts";
import { type ListStatement, pageOf } from "../lists/page.ts";
import { Parameters } from "../lists/parameters.ts";
import { actionList } from "./action-fields.ts";
import { type ActionRow, actionColumns } from "./action-row.ts";
import { actionOf } from "./action-view.ts";

/** The root and its descendants, with full metadata. An unknown run has none. */
export async function listActions(database: Queryable, request: ListActionsRequest): Promise<ListActionsResponse> {
  const { text, parameters, page } = listActionsSql(request);
  const { rows } = await database.query(dynamicStatement<ActionRow>(text), parameters.values);
  const { rows: kept, token } = page.cut(rows);
  return create(ListActionsResponseSchema, { actions: kept.map(actionOf), token });
}

/** Exported for the test that reads the plan. */
export function listActionsSql(request: ListActionsRequest): ListStatement {
  const run = runKey("run_id", request.runId);
  const parameters = new Parameters();
  const scope = [
    `actions.project = ${parameters.add(run.project)}`,
    `actions.domain = ${parameters.add(run.domain)}`,
    `actions.run_name = ${parameters.add(run.runName)}`,
  ];
  const page = pageOf(request.request, actionList, `actions ${runPath(run)}`, parameters);
  const where = [...scope, ...page.where].join(" AND ");
  const text = `SELECT ${actionColumns}${page.cursorColumns} FROM actions WHERE ${where} ${page.tail}`;
  return { text, parameters, page };
}
