/** ListProjects has a filter language of its own: terms like `eq(state,1)` joined by `+`. */
import { create } from "@bufbuild/protobuf";
import {
  type Filter,
  Filter_Function,
  FilterSchema,
  ListRequestSchema,
} from "@flyte-dataplane/proto/flyteidl2/common/list";
import { type ListProjectsRequest, ProjectState } from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import { dynamicStatement, type Queryable } from "@flyte-dataplane/runtime/database";
import { invalid } from "../identifiers.ts";
import { columns, fieldTable } from "../lists/fields.ts";
import { type ListShape, largestPage, pageOf } from "../lists/page.ts";
import { Parameters } from "../lists/parameters.ts";
import { type ProjectRow, projectColumns } from "./project-store.ts";

const projectList: ListShape = {
  fields: fieldTable({
    ...columns("projects", "text", ["identifier"], { notNull: true }),
    ...columns("projects", "text", ["name", "description"]),
    ...columns("projects", "number", ["state"]),
    ...columns("projects", "time", ["created_at", "updated_at"], { notNull: true }),
  }),
  defaultOrder: [{ key: "identifier", descending: false }],
  tieBreak: [{ key: "identifier", descending: false }],
};

/** Limit 0 asks for all, which is the largest page there is. Without filters archived projects are left out. */
export async function listProjects(
  database: Queryable,
  request: ListProjectsRequest,
): Promise<{ readonly rows: readonly ProjectRow[]; readonly token: string }> {
  const parameters = new Parameters();
  const list = create(ListRequestSchema, {
    limit: request.limit === 0 ? largestPage : request.limit,
    token: request.token,
    filters: request.filters === "" ? [] : request.filters.split("+").map(parseTerm),
    ...(request.sortBy === undefined ? {} : { sortBy: request.sortBy }),
  });
  const page = pageOf(list, projectList, "projects", parameters);
  const hidden = request.filters === "" ? [`COALESCE(projects.state, 0) <> ${ProjectState.ARCHIVED}`] : [];
  const where = [...hidden, ...page.where].join(" AND ");
  const text = `SELECT ${projectColumns}${page.cursorColumns} FROM projects ${where === "" ? "" : `WHERE ${where}`} ${page.tail}`;
  const { rows } = await database.query(dynamicStatement<ProjectRow>(text), parameters.values);
  return page.cut(rows);
}

const functions: ReadonlyMap<string, Filter_Function> = new Map([
  ["eq", Filter_Function.EQUAL],
  ["ne", Filter_Function.NOT_EQUAL],
  ["contains", Filter_Function.CONTAINS],
  ["value_in", Filter_Function.VALUE_IN],
]);

function parseTerm(term: string): Filter {
  const groups = /^\s*(?<name>[a-z_]+)\(\s*(?<field>[a-z_]+)\s*,(?<values>[^()]*)\)\s*$/.exec(term)?.groups;
  const operation = functions.get(groups?.["name"] ?? "");
  const field = groups?.["field"];
  const text = groups?.["values"]?.trim();
  if (operation === undefined || field === undefined || text === undefined) {
    throw invalid("filters: expected terms such as eq(state,1), ne, contains or value_in(name,a;b), joined by +");
  }
  const values = operation === Filter_Function.VALUE_IN ? text.split(";").map((value) => value.trim()) : [text];
  return create(FilterSchema, { function: operation, field, values });
}
