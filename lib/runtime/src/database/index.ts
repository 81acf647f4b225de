export { type DatabaseConfig, databaseSection, type PostgresConfig } from "./config.ts";
export {
  type Connections,
  type Database,
  dynamicStatement,
  type HeldLock,
  type Listener,
  type Queryable,
  type QueryOptions,
  type QueryResult,
  type SqlValue,
  type Statement,
  type Subscription,
  statement,
  type Transaction,
  type TransactionOptions,
} from "./database.ts";
export { type Migration, migrate, pendingMigrations } from "./migrate.ts";
export { createMissingDatabase } from "./missing-database.ts";
export { createDatabase, type DatabaseOptions } from "./postgres.ts";
