import { create } from "@bufbuild/protobuf";
import {
  type ListRunsRequest,
  type ListRunsResponse,
  ListRunsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { dynamicStatement, type Queryable } from "@flyte-dataplane/runtime/database";
import { invalid, part, projectKey, taskKey } from "../identifiers.ts";
import { type ListStatement, pageOf } from "../lists/page.ts";
import { Parameters } from "../lists/parameters.ts";
import { runList } from "./action-fields.ts";
import { type ActionRow, actionColumns } from "./action-row.ts";
import { runOf } from "./action-view.ts";

/** Root actions only, newest first within a phase unless the request says otherwise. */
export async function listRuns(database: Queryable, request: ListRunsRequest): Promise<ListRunsResponse> {
  const { text, parameters, page } = listRunsSql(request);
  const { rows } = await database.query(dynamicStatement<ActionRow>(text), parameters.values);
  const { rows: kept, token } = page.cut(rows);
  return create(ListRunsResponseSchema, { runs: kept.map(runOf), token });
}

/** Exported for the test that reads the plan. */
export function listRunsSql(request: ListRunsRequest): ListStatement {
  const parameters = new Parameters();
  const scope = scopeSql(request.scopeBy, parameters);
  const paused = request.pausedActionsOnly
    ? [
        `EXISTS (SELECT 1 FROM actions AS waiting WHERE waiting.project = actions.project
          AND waiting.domain = actions.domain AND waiting.run_name = actions.run_name AND waiting.phase = 9)`,
      ]
    : [];
  const fingerprint = JSON.stringify(["runs", parameters.values, request.pausedActionsOnly]);
  const page = pageOf(request.request, runList, fingerprint, parameters);
  const where = ["actions.parent_action_name IS NULL", ...scope, ...paused, ...page.where];
  const text = `SELECT ${actionColumns}${page.cursorColumns} FROM actions WHERE ${where.join(" AND ")} ${page.tail}`;
  return { text, parameters, page };
}

function scopeSql(scope: ListRunsRequest["scopeBy"], parameters: Parameters): readonly string[] {
  const equal = (column: string, value: string) => `actions.${column} = ${parameters.add(value)}`;
  switch (scope.case) {
    // There is one tenant: an org scope is every run.
    case "org":
    case undefined:
      return [];
    case "projectId": {
      const key = projectKey("project_id", scope.value);
      return [equal("project", key.project), equal("domain", key.domain)];
    }
    case "triggerName": {
      const { project, domain, taskName, name } = scope.value;
      if (name === "") throw invalid("trigger_name.name: must not be empty");
      return [
        equal("project", part("trigger_name.project", project)),
        equal("domain", part("trigger_name.domain", domain)),
        equal("trigger_task_name", taskName),
        equal("trigger_name", name),
      ];
    }
    case "taskName": {
      const { project, domain, name } = scope.value;
      return [
        equal("task_project", part("task_name.project", project)),
        equal("task_domain", part("task_name.domain", domain)),
        equal("task_name", part("task_name.name", name, 255)),
      ];
    }
    case "taskId": {
      const key = taskKey("task_id", scope.value);
      return [
        equal("task_project", key.project),
        equal("task_domain", key.domain),
        equal("task_name", key.name),
        equal("task_version", key.version),
      ];
    }
  }
}
