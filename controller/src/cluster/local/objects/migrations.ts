import type { Migration } from "@flyte-dataplane/runtime/database";

/** Who owns the tables below in the record of migrations. */
export const localClusterSchema = "local-cluster";

/** Bodies are text, not jsonb: jsonb refuses the escape of NUL, which user data may hold. */
export const localClusterMigrations: readonly Migration[] = [
  {
    version: 1,
    name: "objects",
    sql: `
      create table cluster_objects (
        kind text not null,
        name text not null,
        uid text not null,
        version bigint not null,
        body text not null,
        primary key (kind, name)
      );
      create table cluster_state (
        only_row boolean primary key default true check (only_row),
        version bigint not null,
        writer text not null
      );
      insert into cluster_state (version, writer) values (0, '');
    `,
  },
];
