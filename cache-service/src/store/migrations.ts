import type { Migration } from "@flyte-dataplane/runtime/database";

/** Tables as the reference creates them (cache-service.md 2.8), so that either program finds the other's rows. */
export const cacheMigrations: readonly Migration[] = [
  {
    version: 1,
    name: "outputs-and-reservations",
    sql: `
create table if not exists cache_service_outputs (
  key varchar(512) primary key,
  output_uri text not null default '',
  metadata bytea,
  last_updated timestamptz not null,
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp
);
create table if not exists cache_service_reservations (
  key varchar(512) primary key,
  owner_id text not null,
  heartbeat_seconds integer not null default 0,
  expires_at timestamptz not null,
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp
);`,
  },
  {
    version: 2,
    name: "reference-record",
    // The reference looks here for what it has done itself: its first start on our tables leaves them as they are.
    sql: `
create table if not exists schema_migrations (version text primary key, applied_at timestamptz not null default now());
insert into schema_migrations (version) values ('cache_service/20260408110000_init_schema') on conflict do nothing;`,
  },
];
