/** Fields that lists of runs and actions can be filtered and sorted by, and their orders. */
import { columns, type FieldsOf, fieldTable, type ListField } from "../lists/fields.ts";
import type { ListShape } from "../lists/page.ts";
import type { Parameters } from "../lists/parameters.ts";

const always = { notNull: true };

const table = fieldTable({
  ...columns("actions", "text", ["project", "domain", "run_name", "name", "run_source", "function_name"], always),
  ...columns("actions", "number", ["phase", "action_type", "attempts"], always),
  ...columns("actions", "time", ["created_at", "updated_at"], always),
  ...columns("actions", "text", [
    "created_by_subject",
    "trigger_task_name",
    "trigger_name",
    "task_project",
    "task_domain",
    "task_name",
    "task_version",
    "environment_name",
  ]),
  ...columns("actions", "number", ["trigger_revision", "duration_ms"]),
  ...columns("actions", "time", ["ended_at"]),
  // As the SDK names them.
  created_by: { sql: "actions.created_by_subject", kind: "text" },
  parent_name: { sql: "actions.parent_action_name", kind: "text" },
});

const labelPrefix = "labels.";

/** Labels belong to the run, so an action is found by those of its root. */
function fields(labels: string): FieldsOf {
  return (name: string, parameters: Parameters): ListField | undefined =>
    name.startsWith(labelPrefix) && name.length > labelPrefix.length
      ? { sql: `(${labels} ->> ${parameters.add(name.slice(labelPrefix.length))}::text)`, kind: "text" }
      : table(name, parameters);
}

const defaultOrder = [
  { key: "phase", descending: false },
  { key: "created_at", descending: true },
  { key: "run_name", descending: true },
  { key: "name", descending: true },
];

const tieBreak = [
  { key: "run_name", descending: false },
  { key: "name", descending: false },
  // Two projects may have runs of one name.
  { key: "project", descending: false },
  { key: "domain", descending: false },
];

export const runList: ListShape = {
  fields: fields("actions.run_labels"),
  defaultOrder: [...defaultOrder, ...tieBreak.slice(2)],
  tieBreak,
};

export const actionList: ListShape = {
  fields: fields(`(SELECT root.run_labels FROM actions AS root WHERE root.project = actions.project
    AND root.domain = actions.domain AND root.run_name = actions.run_name AND root.name = 'a0')`),
  defaultOrder,
  tieBreak: tieBreak.slice(0, 2),
};
