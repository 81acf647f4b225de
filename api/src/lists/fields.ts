/** Which fields a list can be filtered and sorted by, and the SQL behind each. */
import type { Parameters } from "./parameters.ts";

export type FieldKind = "text" | "number" | "time" | "bool";

export interface ListField {
  /** A SQL expression over the listed table. */
  readonly sql: string;
  readonly kind: FieldKind;
  /** The expression never yields null. */
  readonly notNull?: boolean;
}

/** Undefined for a field that the list does not have. `parameters` takes values an expression needs. */
export type FieldsOf = (name: string, parameters: Parameters) => ListField | undefined;

/** Fields by name. */
export function fieldTable(fields: Readonly<Record<string, ListField>>): FieldsOf {
  const table = new Map(Object.entries(fields));
  return (name) => table.get(name);
}

/** Columns of one table, named as they are listed. */
export function columns(
  table: string,
  kind: FieldKind,
  names: readonly string[],
  options: { readonly notNull?: boolean } = {},
): Readonly<Record<string, ListField>> {
  return Object.fromEntries(names.map((name) => [name, { sql: `${table}.${name}`, kind, ...options }]));
}
