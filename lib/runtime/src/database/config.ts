import { defineSection, duration, flag, integer, type Section, text } from "../config/index.ts";

export interface DatabaseConfig {
  readonly url: string;
  readonly password: string;
  readonly directUrl: string;
  readonly transactionPooler: boolean;
  readonly maxConnections: number;
  readonly connectTimeout: number;
  readonly maxLifetime: number;
  readonly statementTimeout: number;
}

export const databaseSection: Section<DatabaseConfig> = defineSection<DatabaseConfig>(
  "database",
  "The PostgreSQL that keeps all state.",
  {
    url: text({
      doc: "postgresql:// URL; empty starts an embedded server in the data directory. DATABASE_URL is read where this is empty. A database that the server lacks is created.",
      default: "",
      secret: true,
    }),
    password: text({
      doc: "Password of the user that the URLs name, as it is: in a URL it would have to be percent-encoded.",
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
    maxConnections: integer({
      // Two per core keep a database busy, and few have less than four cores; PostgreSQL itself admits 100 by default, which
      // six processes of ours share then.
      doc: "Connections in the pool; up to two more listen and hold a lock. More than four per processor of the database gain nothing.",
      default: 10,
      min: 1,
      max: 1000,
    }),
    connectTimeout: duration({ doc: "How long a call waits for a connection.", default: 10_000 }),
    maxLifetime: duration({
      doc: "Age at which a connection is replaced, so that a pooler or a new replica gets its share; 0: never.",
      default: 3_600_000,
    }),
    statementTimeout: duration({
      doc: "How long one statement may run; 0: as long as it takes. Changes of the schema have no limit.",
      default: 60_000,
    }),
  },
);
