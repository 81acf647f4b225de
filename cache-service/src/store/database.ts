import { type Database, statement } from "@flyte-dataplane/runtime/database";
import type { CacheStore, StoredOutput, StoredReservation } from "./store.ts";

interface OutputRow {
  readonly key: string;
  readonly output_uri: string;
  readonly metadata: Buffer | null;
  readonly last_updated: Date;
}

interface ReservationRow {
  readonly owner_id: string;
  readonly heartbeat_seconds: number;
  readonly expires_at: Date;
}

const selectOutputs = statement<OutputRow>(
  "cache_outputs",
  "select key, output_uri, metadata, last_updated from cache_service_outputs where key = any($1)",
);
const lockOutput = statement<OutputRow>(
  "cache_output_lock",
  "select key, output_uri, metadata, last_updated from cache_service_outputs where key = $1 for update",
);
const insertOutput = statement(
  "cache_output_insert",
  "insert into cache_service_outputs (key, output_uri, metadata, last_updated) values ($1, $2, $3, $4) on conflict (key) do nothing",
);
const updateOutput = statement(
  "cache_output_update",
  "update cache_service_outputs set output_uri = $2, metadata = $3, last_updated = $4, updated_at = clock_timestamp() where key = $1",
);
const deleteOutput = statement("cache_output_delete", "delete from cache_service_outputs where key = $1");

// One statement decides: the row lock of the conflicting insert makes takers of one key queue up behind each other.
const takeReservation = statement(
  "cache_reservation_take",
  `insert into cache_service_reservations as held (key, owner_id, heartbeat_seconds, expires_at) values ($1, $2, $3, $4)
   on conflict (key) do update
     set owner_id = excluded.owner_id, heartbeat_seconds = excluded.heartbeat_seconds, expires_at = excluded.expires_at, updated_at = clock_timestamp()
     where held.expires_at <= $5 or held.owner_id = excluded.owner_id`,
);
const selectReservation = statement<ReservationRow>(
  "cache_reservation",
  "select owner_id, heartbeat_seconds, expires_at from cache_service_reservations where key = $1",
);
const deleteReservation = statement(
  "cache_reservation_release",
  "delete from cache_service_reservations where key = $1 and owner_id = $2",
);

/** The store of production: two tables in PostgreSQL. */
export function databaseStore(database: Database): CacheStore {
  return {
    outputs: async (keys, signal) => {
      const { rows } = await database.query(selectOutputs, [[...keys]], { signal });
      return new Map(rows.map((row) => [row.key, stored(row)]));
    },

    replaceOutput: (key, decide, signal) =>
      database.transaction(
        async (transaction) => {
          for (;;) {
            const { rows } = await transaction.query(lockOutput, [key]);
            const [row] = rows;
            const write = decide(row === undefined ? undefined : stored(row));
            if (write === undefined) return false;
            const values = [key, write.uri, write.metadata, new Date(write.lastUpdated)];
            const { count } = await transaction.query(row === undefined ? insertOutput : updateOutput, values);
            // Nothing inserted: another writer was first, and its row is now there to be looked at.
            if (count > 0) return true;
          }
        },
        { signal },
      ),

    deleteOutput: async (key, signal) => (await database.query(deleteOutput, [key], { signal })).count > 0,

    acquireReservation: async (wanted, now, signal) => {
      const values = [wanted.key, wanted.ownerId, wanted.heartbeatSeconds, new Date(wanted.expiresAt), new Date(now)];
      for (;;) {
        if ((await database.query(takeReservation, values, { signal })).count > 0) return wanted;
        const [row] = (await database.query(selectReservation, [wanted.key], { signal })).rows;
        // Gone between the two statements: it was released, so try to take it again.
        if (row !== undefined) return reservation(wanted.key, row);
      }
    },

    releaseReservation: async (key, ownerId, signal) => {
      await database.query(deleteReservation, [key, ownerId], { signal });
    },
  };
}

function stored(row: OutputRow): StoredOutput {
  return { uri: row.output_uri, metadata: row.metadata, lastUpdated: row.last_updated.getTime() };
}

function reservation(key: string, row: ReservationRow): StoredReservation {
  return { key, ownerId: row.owner_id, heartbeatSeconds: row.heartbeat_seconds, expiresAt: row.expires_at.getTime() };
}
