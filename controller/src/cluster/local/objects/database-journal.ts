/**
 * The journal in PostgreSQL. A batch is one statement, so it costs one round trip and is atomic by itself. Every batch
 * names its writer: one that was superseded (its lock's connection died, another server started) writes nothing.
 */
import { DataPlaneError } from "@flyte-dataplane/core";
import { type Database, statement } from "@flyte-dataplane/runtime/database";
import type { JournalBatch, JournalContents, ObjectJournal } from "./object-journal.ts";
import type { ObjectKind } from "./stored-object.ts";

/** `writer` is a name no other writer ever had; it takes the journal over from whoever wrote before. */
export function databaseJournal(database: Database, writer: string): ObjectJournal & WriterCheck {
  return {
    isWriter: async () => (await database.query(readWriter, [writer])).rows.length > 0,

    async load(): Promise<JournalContents> {
      const state = await database.query(takeOver, [writer]);
      const objects = await database.query(readObjects);
      const kinds: ReadonlySet<string> = new Set<ObjectKind>(["Pod", "TaskAction"]);
      return {
        version: Number(state.rows[0]?.version ?? 0),
        objects: objects.rows.filter((row): row is ObjectRow & { kind: ObjectKind } => kinds.has(row.kind)),
      };
    },

    async append({ version, puts, removals }: JournalBatch): Promise<void> {
      const { rows } = await database.query(appendBatch, [
        version,
        writer,
        puts.map((put) => put.kind),
        puts.map((put) => put.name),
        puts.map((put) => put.uid),
        puts.map((put) => put.version),
        puts.map((put) => put.body),
        removals.map((removal) => removal.kind),
        removals.map((removal) => removal.name),
      ]);
      if (rows.length === 0) {
        throw new DataPlaneError("failed_precondition", "write local objects: another server has taken over");
      }
    },
  };
}

export interface WriterCheck {
  /** False once another writer has taken the journal over. */
  isWriter(): Promise<boolean>;
}

interface ObjectRow {
  readonly kind: string;
  readonly body: string;
}

const takeOver = statement<{ version: bigint }>(
  "cluster_take_over",
  "update cluster_state set writer = $1 returning version",
);

const readWriter = statement<{ version: bigint }>(
  "cluster_read_writer",
  "select version from cluster_state where writer = $1",
);

const readObjects = statement<ObjectRow>("cluster_read_objects", "select kind, body from cluster_objects");

const appendBatch = statement<{ version: bigint }>(
  "cluster_append",
  `with fence as (
     update cluster_state set version = $1::bigint where writer = $2 returning version
   ), written as (
     insert into cluster_objects (kind, name, uid, version, body)
     select o.kind, o.name, o.uid, o.version, o.body
       from fence, unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[]) as o (kind, name, uid, version, body)
     on conflict (kind, name) do update set uid = excluded.uid, version = excluded.version, body = excluded.body
   ), removed as (
     delete from cluster_objects c
      using fence, unnest($8::text[], $9::text[]) as r (kind, name)
      where c.kind = r.kind and c.name = r.name
   )
   select version from fence`,
);
