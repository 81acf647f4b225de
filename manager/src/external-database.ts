/** The PostgreSQL that an operator names in place of the embedded one: looked at before anything relies on it. */
import { DataPlaneError } from "@flyte-dataplane/core";
import { type Queryable, statement } from "@flyte-dataplane/runtime/database";

export interface ExternalDatabase {
  readonly url: string;
  /** Where the operator set it: `DATABASE_URL`, `database.url`. */
  readonly setting: string;
}

/** Throws `invalid_argument` for what is no URL of a PostgreSQL; the URL itself is not shown, it may hold a password. */
export function requireDatabaseUrl({ url, setting }: ExternalDatabase): void {
  if (place(url) !== undefined) return;
  throw new DataPlaneError(
    "invalid_argument",
    `${setting} is not a URL such as postgresql://user@host:5432/name; correct it, or leave it out for an embedded server`,
    { origin: "user" },
  );
}

/** Rejects in one line that says where the server was looked for, and why it did not answer. */
export async function requireReachable(database: Queryable, { url, setting }: ExternalDatabase): Promise<void> {
  try {
    await database.query(ask);
  } catch (error) {
    const code = error instanceof DataPlaneError ? error.code : "unavailable";
    const why = error instanceof Error ? error.message.replace(`${ask.name}: `, "") : String(error);
    throw new DataPlaneError(
      code,
      `connect to the database ${place(url) ?? ""} of ${setting}: ${why}; start it or correct the URL`,
      { origin: "user", cause: error },
    );
  }
}

const ask = statement("ask_database", "select 1");

/** `host:port/name` without user and password; a socket's directory where that is the host. */
function place(url: string): string | undefined {
  if (!/^postgres(ql)?:\/\//i.test(url)) return undefined;
  try {
    // An empty host before the path is PostgreSQL's own notation for a socket.
    const { host, pathname, searchParams } = new URL(url.replace(/@\//, "@localhost/"));
    return `${searchParams.get("host") ?? host}${pathname}`;
  } catch {
    return undefined;
  }
}
