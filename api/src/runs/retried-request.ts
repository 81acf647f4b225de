/**
 * A client that lost the answer sends its request again under the same id. For a run it named itself the name tells;
 * for one we named, this does: for a while the same id, caller and body mean the same run.
 */
import { createHash } from "node:crypto";
import { type Queryable, statement, type Transaction } from "@flyte-dataplane/runtime/database";
import { type RunKey, rootActionName } from "../identifiers.ts";
import type { Caller } from "../identity/caller.ts";
import { sqlTimeFromMs } from "../times.ts";
import type { ActionRow } from "./action-row.ts";
import { readAction } from "./read-actions.ts";

/** How long a request is remembered. */
const memoryMs = 10 * 60_000;

const select = statement<RunKey>(
  "api_retried_request",
  `SELECT project, domain, run_name AS "runName" FROM create_requests WHERE digest = $1 AND created_at > $2::timestamptz`,
);

// Of two equal requests at once the second waits here for the first one's transaction and then gets no row.
const remember = statement<{ digest: Uint8Array }>(
  "api_remember_request",
  `INSERT INTO create_requests (digest, project, domain, run_name, created_at) VALUES ($1, $2, $3, $4, $5::timestamptz)
   ON CONFLICT (digest) DO UPDATE SET project = EXCLUDED.project, domain = EXCLUDED.domain,
     run_name = EXCLUDED.run_name, created_at = EXCLUDED.created_at
   WHERE create_requests.created_at <= $6::timestamptz
   RETURNING digest`,
);

const forget = statement(
  "api_forget_requests",
  `DELETE FROM create_requests WHERE digest IN (
     SELECT digest FROM create_requests WHERE created_at <= $1::timestamptz ORDER BY created_at LIMIT 10 FOR UPDATE SKIP LOCKED
   )`,
);

/** What makes two requests the same; undefined for a request without an id, which is never a retry. */
export function retryDigest(
  requestHeader: Headers,
  caller: Caller | undefined,
  bodyDigest: Uint8Array,
): Uint8Array | undefined {
  const id = requestHeader.get("x-request-id") ?? "";
  if (id === "") return undefined;
  const text = JSON.stringify([id, caller?.subject ?? null]);
  return createHash("sha256").update(text).update(bodyDigest).digest();
}

/** The run that an equal request created within the last ten minutes. */
export async function findRetried(
  database: Queryable,
  digest: Uint8Array | undefined,
  nowMs: number,
): Promise<ActionRow | undefined> {
  if (digest === undefined) return undefined;
  const { rows } = await database.query(select, [digest, sqlTimeFromMs(nowMs - memoryMs)]);
  const run = rows[0];
  return run === undefined ? undefined : readAction(database, { ...run, name: rootActionName });
}

/** False if another transaction remembered an equal request first; its run is the answer then. */
export async function rememberRequest(
  transaction: Transaction,
  digest: Uint8Array | undefined,
  run: RunKey,
  nowMs: number,
): Promise<boolean> {
  if (digest === undefined) return true;
  const [now, limit] = [sqlTimeFromMs(nowMs), sqlTimeFromMs(nowMs - memoryMs)];
  const values = [digest, run.project, run.domain, run.runName, now, limit];
  const { rows } = await transaction.query(remember, values);
  // As many again as come in: the table never holds more than the last ten minutes and a little.
  await transaction.query(forget, [limit]);
  return rows.length > 0;
}
