/**
 * List requests as SQL: conditions, order and position. A page token names the last row seen rather than a number of
 * rows, so that rows inserted meanwhile shift nothing; a decimal token is still taken as an offset.
 */
import { createHash } from "node:crypto";
import { type Filter, type ListRequest, type Sort, Sort_Direction } from "@flyte-dataplane/proto/flyteidl2/common/list";
import { invalid } from "../identifiers.ts";
import type { FieldsOf, ListField } from "./fields.ts";
import { filterSql, isValueOf, sqlTypes } from "./filter-sql.ts";
import type { Parameters } from "./parameters.ts";

export interface OrderKey {
  /** A field of the list. */
  readonly key: string;
  readonly descending: boolean;
}

export interface ListShape {
  readonly fields: FieldsOf;
  /** Used when the request names no order; complete, so that no two rows are equal. */
  readonly defaultOrder: readonly OrderKey[];
  /** Put after a requested order, so that no two rows are equal. */
  readonly tieBreak: readonly OrderKey[];
}

/** A statement put together for one request. */
export interface ListStatement {
  readonly text: string;
  readonly parameters: Parameters;
  readonly page: Page;
}

export interface Page {
  /** Conditions to be joined by AND; may be empty. */
  readonly where: readonly string[];
  /** Selected columns that say where a row stands: each begins with a comma. */
  readonly cursorColumns: string;
  /** From ORDER BY to the end of the statement; asks for one row more than the page holds. */
  readonly tail: string;
  /** Cuts the extra row off; the token is empty when there was none. */
  cut<R extends object>(rows: readonly R[]): { readonly rows: readonly R[]; readonly token: string };
}

const defaultLimit = 50;
/** Larger limits are served with this many rows. */
export const largestPage = 1_000;

export function pageOf(
  request: ListRequest | undefined,
  shape: ListShape,
  scope: string,
  parameters: Parameters,
): Page {
  const order = orderOf(request, shape, parameters);
  const filters = request?.filters ?? [];
  const fingerprint = fingerprintOf(scope, order, filters);
  const token = parseToken(request?.token ?? "", fingerprint, order);
  const limit = Math.min(
    request?.limit === undefined || request.limit === 0 ? defaultLimit : request.limit,
    largestPage,
  );
  const after = token.kind === "after" ? [afterSql(order, token.values, parameters)] : [];
  const offset = token.kind === "offset" ? ` OFFSET ${parameters.add(token.offset)}` : "";
  return {
    where: [...filterSql(filters, shape.fields, parameters), ...after],
    cursorColumns: order.map((key, index) => `, ${key.sql}::text AS "cursor${index}"`).join(""),
    tail: `ORDER BY ${order.map((key) => `${key.sql} ${key.descending ? "DESC" : "ASC"}`).join(", ")}
      LIMIT ${parameters.add(limit + 1)}${offset}`,
    cut: (rows) => {
      const kept = rows.slice(0, limit);
      const last = kept.at(-1);
      const more = rows.length > limit && last !== undefined;
      return { rows: kept, token: more ? formatToken(last, fingerprint, order) : "" };
    },
  };
}

interface OrderColumn extends OrderKey, ListField {}

interface PlacedColumn extends OrderColumn {
  /** As a parameter; null where the last row had none. */
  readonly value: string | null;
}

function orderOf(request: ListRequest | undefined, shape: ListShape, parameters: Parameters): readonly OrderColumn[] {
  const legacy = request?.sortBy;
  const wanted: readonly Sort[] =
    request !== undefined && request.sortByFields.length > 0
      ? request.sortByFields
      : legacy === undefined || legacy.key === ""
        ? []
        : [legacy];
  const asked = wanted.map(({ key, direction }) => ({ key, descending: direction === Sort_Direction.DESCENDING }));
  const order = asked.length === 0 ? shape.defaultOrder : [...asked, ...shape.tieBreak];
  const seen = new Set<string>();
  return order.flatMap(({ key, descending }) => {
    if (seen.has(key)) return [];
    seen.add(key);
    const field = shape.fields(key, parameters);
    if (field === undefined || key.includes(".")) throw invalid(`sort by "${key}": no such field in this list`);
    return [{ key, descending, ...field }];
  });
}

/**
 * Rows after the one with these values. PostgreSQL puts nulls last in ascending order and first in descending. The
 * leading bound says nothing new, but gives the planner a range to start the index at.
 */
function afterSql(order: readonly OrderColumn[], values: readonly (string | null)[], parameters: Parameters): string {
  const columns = order.map((column, index): PlacedColumn => {
    const value = values[index] ?? null;
    return { ...column, value: value === null ? null : `${parameters.add(value)}::${sqlTypes[column.kind]}` };
  });
  const alternatives = columns.flatMap((column, index) => {
    const beyond = beyondSql(column);
    if (beyond === undefined) return [];
    const equal = columns
      .slice(0, index)
      .map(({ sql, value }) => (value === null ? `${sql} IS NULL` : `${sql} = ${value}`));
    return [[...equal, beyond].join(" AND ")];
  });
  if (alternatives.length === 0) return "FALSE";
  const [first] = columns;
  return `(${alternatives.map((text) => `(${text})`).join(" OR ")})${boundSql(first)}`;
}

function boundSql(first: PlacedColumn | undefined): string {
  if (first === undefined || first.value === null) return "";
  if (first.descending) return ` AND ${first.sql} <= ${first.value}`;
  return first.notNull === true ? ` AND ${first.sql} >= ${first.value}` : "";
}

function beyondSql(column: PlacedColumn): string | undefined {
  if (column.value === null) return column.descending ? `${column.sql} IS NOT NULL` : undefined;
  if (column.descending) return `${column.sql} < ${column.value}`;
  const beyond = `${column.sql} > ${column.value}`;
  return column.notNull === true ? beyond : `(${beyond} OR ${column.sql} IS NULL)`;
}

type Token =
  | { readonly kind: "first" }
  | { readonly kind: "offset"; readonly offset: number }
  | { readonly kind: "after"; readonly values: readonly (string | null)[] };

function parseToken(token: string, fingerprint: string, order: readonly OrderColumn[]): Token {
  if (token === "") return { kind: "first" };
  if (/^\d{1,9}$/.test(token)) return { kind: "offset", offset: Number(token) };
  const [given, ...values] = readToken(token);
  if (given !== checksum(fingerprint, values))
    throw invalid("token: not one of this list; it belongs to other filters or another order");
  const fits = order.every(({ kind }, index) => {
    const value = values[index];
    return value === null || (value !== undefined && isValueOf(kind, value));
  });
  if (!fits || values.length !== order.length) throw invalid("token: malformed");
  return { kind: "after", values };
}

function readToken(token: string): readonly (string | null)[] {
  const value = parseJson(Buffer.from(token, "base64url").toString("utf8"));
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const cells = items.filter((item) => item === null || typeof item === "string");
  if (cells.length === 0 || cells.length !== items.length) throw invalid("token: malformed");
  return cells;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function formatToken(row: object, fingerprint: string, order: readonly OrderColumn[]): string {
  const cells = row as Readonly<Record<string, unknown>>;
  const values = order.map((_, index) => {
    const value = cells[`cursor${index}`];
    return typeof value === "string" ? value : null;
  });
  return Buffer.from(JSON.stringify([checksum(fingerprint, values), ...values])).toString("base64url");
}

/** Over the list and the position: a token that was changed, or belongs elsewhere, is refused. */
function checksum(fingerprint: string, values: readonly (string | null)[]): string {
  return createHash("sha256")
    .update(JSON.stringify([fingerprint, values]))
    .digest("base64url")
    .slice(0, 11);
}

/** What makes a list this one: the same position means nothing under another order. */
function fingerprintOf(scope: string, order: readonly OrderColumn[], filters: readonly Filter[]): string {
  return JSON.stringify([
    scope,
    order.map(({ key, descending }) => [key, descending]),
    filters.map((filter) => [filter.function, filter.field, filter.values]),
  ]);
}
