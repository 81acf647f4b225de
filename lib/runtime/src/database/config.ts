import { defineSection, duration, flag, integer, type Section, text } from "../config/index.ts";

export interface DatabaseConfig {
  readonly url: string;
  readonly directUrl: string;
  readonly maxConnections: number;
  readonly connectTimeout: number;
  readonly preparedStatements: boolean;
}

export const databaseSection: Section<DatabaseConfig> = defineSection<DatabaseConfig>(
  "database",
  "The PostgreSQL that keeps all state.",
  {
    url: text({
      doc: "postgresql:// URL; empty starts an embedded server in the data directory. DATABASE_URL is read where this is empty.",
      default: "",
      secret: true,
    }),
    directUrl: text({
      doc: "URL past a connection pooler, for notifications and locks; empty uses url.",
      default: "",
      secret: true,
    }),
    maxConnections: integer({
      doc: "Connections in the pool; two more listen and hold locks.",
      default: 10,
      min: 1,
      max: 1000,
    }),
    connectTimeout: duration({ doc: "How long a call waits for a connection.", default: 10_000 }),
    preparedStatements: flag({
      doc: "Name statements so that each is planned once; false behind a transaction pooler.",
      default: true,
    }),
  },
);
