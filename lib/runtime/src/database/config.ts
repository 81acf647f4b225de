import { defineSection, duration, flag, integer, type Section, text } from "../config/index.ts";

export interface DatabaseConfig {
  readonly url: string;
  readonly directUrl: string;
  readonly transactionPooler: boolean;
  readonly postgres: PostgresConfig;
  readonly maxOpenConnections: number;
  readonly maxIdleConnections: number;
  readonly connMaxLifeTime: number;
  readonly connectTimeout: number;
  readonly statementTimeout: number;
}

/** The server's address in parts, as the reference has it. */
export interface PostgresConfig {
  readonly host: string;
  readonly port: number;
  readonly dbname: string;
  readonly username: string;
  readonly password: string;
  readonly passwordPath: string;
  readonly options: string;
  readonly readReplicaHost: string;
  readonly debug: boolean;
}

export const databaseSection: Section<DatabaseConfig> = defineSection<DatabaseConfig>(
  "database",
  "The PostgreSQL that keeps all state. In a file, runs.database and cache_service.database are read as this section, too.",
  {
    url: text({
      doc: "postgresql:// URL; DATABASE_URL is read where this and postgres.host are empty, and with neither an embedded server starts in the data directory. A database that the server lacks is created.",
      default: "",
      secret: true,
    }),
    directUrl: text({
      doc: "URL past a connection pooler, for notifications and locks; empty uses url.",
      default: "",
      secret: true,
    }),
    transactionPooler: flag({
      doc: "url leads to a pooler that gives each transaction another connection (PgBouncer's pool_mode transaction): no statement is prepared under a name. Needs directUrl.",
      default: false,
    }),
    postgres: {
      host: text({ doc: "Host of the server, in place of url.", default: "" }),
      port: integer({ doc: "Its port.", default: 5432, min: 1, max: 65_535 }),
      dbname: text({ doc: "Name of the database there.", default: "postgres" }),
      username: text({ doc: "Who connects.", default: "postgres" }),
      password: text({
        doc: "Password as it is, for URLs that hold none, too: there it would have to be percent-encoded.",
        default: "",
        secret: true,
      }),
      passwordPath: text({ doc: "File that holds the password; wins over password.", default: "" }),
      options: text({
        doc: "Further parameters of a connection to host, as key=value with spaces between.",
        default: "sslmode=disable",
      }),
      readReplicaHost: text({
        doc: "Accepted and without effect: everything is read where it is written.",
        default: "",
      }),
      debug: flag({ doc: "Accepted and without effect.", default: false }),
    },
    maxOpenConnections: integer({
      // Two per core keep a database busy, and few have less than four cores; PostgreSQL itself admits 100 by default, which
      // six processes of ours share then.
      doc: "Connections in the pool; up to two more listen and hold a lock. More than four per processor of the database gain nothing.",
      default: 10,
      min: 1,
      max: 1000,
    }),
    maxIdleConnections: integer({
      doc: "Accepted and without effect: a connection is closed after a minute without work.",
      default: 10,
      min: 0,
    }),
    connMaxLifeTime: duration({
      doc: "Age at which a connection is replaced, so that a pooler or a new replica gets its share; 0: never.",
      default: 3_600_000,
    }),
    connectTimeout: duration({ doc: "How long a call waits for a connection.", default: 10_000 }),
    statementTimeout: duration({
      doc: "How long one statement may run; 0: as long as it takes. Changes of the schema have no limit.",
      default: 60_000,
    }),
  },
);
