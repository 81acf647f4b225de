/**
 * The schema of the registries and of runs. The first migration is the tables the reference keeps, name by name, and
 * does nothing where they exist, so that its services can work beside ours on one database; what is ours alone comes
 * after it, as further columns and tables that the reference's statements never mention.
 */
import type { Migration } from "@flyte-dataplane/runtime/database";
import { additionsSql, retriedRequestsSql, tracedPromisesSql } from "./additions.ts";
import { referenceTablesSql } from "./reference-tables.ts";

/** Owner name of these migrations. */
export const apiSchema = "runs";

export const apiMigrations: readonly Migration[] = [
  { version: 1, name: "reference-tables", sql: referenceTablesSql },
  { version: 2, name: "own-additions", sql: additionsSql },
  { version: 3, name: "retried-requests", sql: retriedRequestsSql },
  { version: 4, name: "traced-promises", sql: tracedPromisesSql },
];
