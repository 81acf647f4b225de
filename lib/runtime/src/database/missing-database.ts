/** A server that was just set up has no database of ours yet. */
import { Client, DatabaseError, escapeIdentifier } from "pg";
import { databaseError } from "./errors.ts";

const noSuchDatabase = "3D000";
/** Somebody else made it at the same moment: the second of the two is what a race in the catalogue looks like. */
const alreadyThere: ReadonlySet<string | undefined> = new Set(["42P04", "23505"]);

/**
 * Makes the database that `url` names, by way of the one called `postgres`, if the server lacks it; true when it did.
 * Rejects as a statement would, also where the user may not make one.
 */
export async function createMissingDatabase(url: string): Promise<boolean> {
  try {
    await once(url);
    return false;
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === noSuchDatabase)) throw databaseError(error, "connect");
  }
  try {
    const { database } = new Client({ connectionString: url });
    await once(withDatabase(url, "postgres"), `create database ${escapeIdentifier(database ?? "")}`);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && alreadyThere.has(error.code)) return false;
    throw databaseError(error, "create the database");
  }
}

async function once(url: string, text = "select 1"): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query(text);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function withDatabase(url: string, name: string): string {
  return url.replace(/^(\w+:\/\/[^/?]*)(\/[^?]*)?/, `$1/${name}`);
}
