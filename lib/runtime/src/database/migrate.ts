/**
 * Schema changes, forward only. Each owner (a service) has its own ordered list; a list is applied under a lock, so
 * that several processes may start at once, and a text that was applied may never change afterwards.
 */
import { createHash } from "node:crypto";
import { DataPlaneError, errorCode } from "@flyte-dataplane/core";
import { type Database, dynamicStatement, statement, type Transaction } from "./database.ts";

export interface Migration {
  /** Position in the owner's list, from 1 without gaps. */
  readonly version: number;
  /** Short, kebab-case; for people. */
  readonly name: string;
  /** One or more SQL statements; what cannot run in a transaction (`create index concurrently`) does not belong here. */
  readonly sql: string;
}

/**
 * Applies those of `migrations` that `owner`'s schema lacks, all in one transaction; returns the versions applied.
 * Rejects with `failed_precondition` when an applied text differs from ours or the database is newer than this program.
 */
export async function migrate(
  database: Database,
  owner: string,
  migrations: readonly Migration[],
  options: MigrateOptions = {},
): Promise<readonly number[]> {
  requireSequence(owner, migrations);
  return database.transaction(
    async (transaction) => {
      await transaction.lock(migrationLock);
      await transaction.query(createTable);
      const applied = await transaction.query(selectApplied, [owner]);
      compare(owner, migrations, applied.rows);
      const missing = migrations.slice(applied.count);
      if (missing.length > 0) await lockOutReference(transaction, options.referenceWaitMs ?? 10_000);
      for (const migration of missing) await apply(transaction, owner, migration);
      return missing.map((migration) => migration.version);
    },
    { unlimited: true },
  );
}

export interface MigrateOptions {
  /** How long to wait for services of the reference that change the same database; default 10 s. */
  readonly referenceWaitMs?: number;
}

/** What `owner`'s schema lacks of `migrations`, without changing anything; rejects as `migrate` does. */
export async function pendingMigrations(
  database: Database,
  owner: string,
  migrations: readonly Migration[],
): Promise<readonly number[]> {
  requireSequence(owner, migrations);
  const { rows } = await database.query(selectTable);
  const applied = rows[0]?.there === true ? (await database.query(selectApplied, [owner])).rows : [];
  compare(owner, migrations, applied);
  return migrations.slice(applied.length).map((migration) => migration.version);
}

/** The number under which the reference's services change a schema (runs-api.md 5.1). */
const referenceLock = 5432n;

/**
 * Keeps the reference from changing the tables that both would create. It may have left that lock behind on a connection
 * of its pool, where it stays as long as that process: so nobody waits for ever, and every statement of a first migration
 * takes what is there as it is.
 */
async function lockOutReference(transaction: Transaction, waitMs: number): Promise<void> {
  await transaction.query(dynamicStatement(`savepoint reference; set local lock_timeout = ${Math.ceil(waitMs)}`));
  try {
    await transaction.lock(referenceLock);
  } catch (error) {
    if (errorCode(error) !== "aborted") throw error;
    await transaction.query(dynamicStatement("rollback to savepoint reference"));
  }
  await transaction.query(dynamicStatement("set local lock_timeout to default"));
}

/** One lock for every owner: starts are rare and short. The number is arbitrary but fixed. */
const migrationLock = 7_305_811_964_201n;

interface AppliedRow {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
}

// Not `schema_migrations`: that is the reference's, which may run beside us on the same database.
const createTable = dynamicStatement(
  `create table if not exists dataplane_migrations (
    owner text not null,
    version integer not null,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    primary key (owner, version)
  )`,
);
const selectTable = statement<{ there: boolean }>(
  "migrate_select_table",
  "select to_regclass('dataplane_migrations') is not null as there",
);
const selectApplied = statement<AppliedRow>(
  "migrate_select_applied",
  "select version, name, checksum from dataplane_migrations where owner = $1 order by version",
);
const insertApplied = statement(
  "migrate_insert_applied",
  "insert into dataplane_migrations (owner, version, name, checksum) values ($1, $2, $3, $4)",
);

async function apply(transaction: Transaction, owner: string, migration: Migration): Promise<void> {
  try {
    await transaction.query(dynamicStatement(migration.sql));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataPlaneError("internal", `migrate ${label(owner, migration)}: ${why}`, { cause: error });
  }
  await transaction.query(insertApplied, [owner, migration.version, migration.name, checksum(migration)]);
}

function compare(owner: string, migrations: readonly Migration[], applied: readonly AppliedRow[]): void {
  applied.forEach((row, index) => {
    const migration = migrations[index];
    if (migration === undefined || row.version !== migration.version) {
      throw new DataPlaneError(
        "failed_precondition",
        `migrate ${owner}: the database is at version ${applied.at(-1)?.version ?? 0}, newer than this program; start the newer program`,
      );
    }
    if (row.checksum !== checksum(migration)) {
      throw new DataPlaneError(
        "failed_precondition",
        `migrate ${label(owner, migration)}: its text differs from what was applied; add a new migration instead`,
      );
    }
  });
}

function requireSequence(owner: string, migrations: readonly Migration[]): void {
  migrations.forEach((migration, index) => {
    if (migration.version !== index + 1)
      throw new RangeError(`migrations of ${owner}: version ${migration.version} stands at place ${index + 1}`);
  });
}

function checksum(migration: Migration): string {
  return createHash("sha256").update(migration.sql).digest("hex");
}

function label(owner: string, migration: Migration): string {
  return `${owner}/${migration.version}-${migration.name}`;
}
