/** Filters of a list request as SQL conditions. Whatever a column cannot be compared with is `invalid_argument`. */
import { type Filter, Filter_Function } from "@flyte-dataplane/proto/flyteidl2/common/list";
import { invalid } from "../identifiers.ts";
import type { FieldKind, FieldsOf, ListField } from "./fields.ts";
import type { Parameters } from "./parameters.ts";

/** One condition per filter, to be joined by AND. */
export function filterSql(filters: readonly Filter[], fields: FieldsOf, parameters: Parameters): readonly string[] {
  return filters.map((filter) => {
    const field = fields(filter.field, parameters);
    if (field === undefined) throw invalid(`filter on "${filter.field}": no such field in this list`);
    return condition(filter, field, parameters);
  });
}

const comparisons: ReadonlyMap<Filter_Function, string> = new Map([
  [Filter_Function.EQUAL, "="],
  [Filter_Function.NOT_EQUAL, "<>"],
  [Filter_Function.GREATER_THAN, ">"],
  [Filter_Function.GREATER_THAN_OR_EQUAL, ">="],
  [Filter_Function.LESS_THAN, "<"],
  [Filter_Function.LESS_THAN_OR_EQUAL, "<="],
]);

/** Operator, and what stands before and after the escaped value. */
const patterns: ReadonlyMap<Filter_Function, readonly [string, string, string]> = new Map([
  [Filter_Function.CONTAINS, ["LIKE", "%", "%"]],
  [Filter_Function.ENDS_WITH, ["LIKE", "%", ""]],
  [Filter_Function.NOT_ENDS_WITH, ["NOT LIKE", "%", ""]],
  [Filter_Function.CONTAINS_CASE_INSENSITIVE, ["ILIKE", "%", "%"]],
]);

function condition(filter: Filter, field: ListField, parameters: Parameters): string {
  if (filter.function === Filter_Function.EXISTS) return `${field.sql} IS NOT NULL`;
  if (filter.function === Filter_Function.NOT_EXISTS) return `${field.sql} IS NULL`;
  if (filter.values.length === 0) throw invalid(`filter on "${filter.field}": no value given`);

  const comparison = comparisons.get(filter.function);
  if (comparison !== undefined) {
    const value = checkValue(filter, field.kind, onlyValue(filter));
    return `${field.sql} ${comparison} ${parameters.add(value)}::${sqlTypes[field.kind]}`;
  }
  const pattern = patterns.get(filter.function);
  if (pattern !== undefined) {
    const [operator, before, after] = pattern;
    if (field.kind !== "text") throw invalid(`filter on "${filter.field}": text functions need a text field`);
    const value = checkValue(filter, field.kind, onlyValue(filter)).replace(/[\\%_]/g, "\\$&");
    return `${field.sql} ${operator} ${parameters.add(`${before}${value}${after}`)}::text`;
  }
  const values = filter.values.map((value) => checkValue(filter, field.kind, value));
  const list = `${parameters.add(values)}::text[]::${sqlTypes[field.kind]}[]`;
  switch (filter.function) {
    case Filter_Function.VALUE_IN:
      return `${field.sql} = ANY (${list})`;
    case Filter_Function.VALUE_NOT_IN:
      return `${field.sql} <> ALL (${list})`;
    default:
      throw invalid(`filter on "${filter.field}": ${filter.function} is no function`);
  }
}

function onlyValue(filter: Filter): string {
  const [value = "", ...more] = filter.values;
  if (more.length > 0) throw invalid(`filter on "${filter.field}": takes one value, got ${filter.values.length}`);
  return value;
}

export const sqlTypes: Readonly<Record<FieldKind, string>> = {
  text: "text",
  number: "bigint",
  time: "timestamptz",
  bool: "boolean",
};

/** Also for the values in page tokens, which come back from outside. */
export function isValueOf(kind: FieldKind, value: string): boolean {
  switch (kind) {
    case "text":
      return !value.includes("\0");
    case "number":
      return /^[+-]?\d{1,18}$/.test(value);
    case "bool":
      return value === "true" || value === "false";
    case "time":
      return isTime(value);
  }
}

function checkValue(filter: Filter, kind: FieldKind, value: string): string {
  if (!isValueOf(kind, value)) throw invalid(`filter on "${filter.field}": a value is not a ${kind}`);
  return value;
}

/** A date, or a date and a time with at most six digits of fraction and an optional offset. */
function isTime(value: string): boolean {
  const shape = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?$/i.exec(value);
  if (shape === null) return false;
  const [year = 0, month = 0, day = 0] = value.slice(0, 10).split("-").map(Number);
  const [hour = 0, minute = 0, second = 0] = value.slice(11, 19).split(":").map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  const real = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return real && !(hour > 23) && !(minute > 59) && !(second > 59);
}
