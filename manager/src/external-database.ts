/** The PostgreSQL that an operator names in place of the embedded one: looked at before anything relies on it. */
import { DataPlaneError, type Env } from "@flyte-dataplane/core";
import type { Config } from "@flyte-dataplane/runtime/config";
import {
  createMissingDatabase,
  type Database,
  type DatabaseConfig,
  type DatabaseOptions,
  databaseSection,
  type PostgresConfig,
  statement,
} from "@flyte-dataplane/runtime/database";
import { readSettingFile } from "./storage/setting-file.ts";

export interface ExternalDatabase {
  /** For `createDatabase`. */
  readonly connect: { readonly url: string; readonly directUrl: string };
  /** Where the operator set it: `DATABASE_URL`, `database.url`. */
  readonly setting: string;
}

/**
 * The database that the settings name; undefined where they name none. Rejects with `invalid_argument` what is no URL of a
 * PostgreSQL and settings that do not go together, `failed_precondition` for a password file that cannot be read; no URL is
 * shown, it may hold a password.
 */
export async function externalDatabase(config: Config, env: Env): Promise<ExternalDatabase | undefined> {
  const settings = config.get(databaseSection);
  const { url, directUrl, transactionPooler, postgres } = settings;
  const given = [
    { setting: "database.url", url },
    { setting: "database.postgres.host", url: postgres.host === "" ? "" : urlOf(postgres) },
    { setting: "DATABASE_URL", url: env["DATABASE_URL"] ?? "" },
  ].find((candidate) => candidate.url !== "");
  const password = await passwordOf(postgres);
  if (given === undefined) {
    const unused = Object.entries({ directUrl, transactionPooler, "postgres.password": password }).find(
      ([, value]) => value !== "" && value !== false,
    );
    if (unused !== undefined)
      throw fault(`database.${unused[0]} is set, but no server is named; set database.url, too`);
    return undefined;
  }
  if (url !== "" && postgres.host !== "")
    throw fault("database.url and database.postgres.host are both set; leave one out");
  if (transactionPooler && directUrl === "")
    throw fault("database.transactionPooler is set; set database.directUrl, too: notifications do not pass a pooler");
  const pooled = withPassword(given.url, password, given.setting);
  return {
    setting: given.setting,
    connect: {
      url: pooled,
      directUrl: directUrl === "" ? pooled : withPassword(directUrl, password, "database.directUrl"),
    },
  };
}

function urlOf({ host, port, dbname, username, options }: PostgresConfig): string {
  const socket = host.startsWith("/");
  const words = [...(socket ? [`host=${encodeURIComponent(host)}`] : []), ...options.split(/\s+/)];
  const address = host.includes(":") ? `[${host}]` : host;
  const query = words.filter((word) => word !== "").join("&");
  const place = `${socket ? "localhost" : address}:${port}/${encodeURIComponent(dbname)}`;
  return `postgresql://${encodeURIComponent(username)}@${place}${query === "" ? "" : `?${query}`}`;
}

async function passwordOf({ password, passwordPath }: PostgresConfig): Promise<string> {
  if (passwordPath === "") return password;
  return (await readSettingFile("database.postgres.passwordPath", passwordPath)).trim();
}

/** What the settings say of connections, whichever server they lead to. */
export function connectionOptions(config: DatabaseConfig): Omit<DatabaseOptions, "clock" | "logger" | "url"> {
  return {
    maxConnections: config.maxOpenConnections,
    connectTimeoutMs: config.connectTimeout,
    maxLifetimeMs: config.connMaxLifeTime,
    statementTimeoutMs: config.statementTimeout,
    transactionPooler: config.transactionPooler,
  };
}

/**
 * Makes the database if its server lacks it. Rejects in one line that says where the server was looked for, and why it
 * did not answer.
 */
export async function requireReachable(database: Database, { connect, setting }: ExternalDatabase): Promise<void> {
  try {
    await createMissingDatabase(connect.directUrl);
    await database.query(ask);
  } catch (error) {
    const code = error instanceof DataPlaneError ? error.code : "unavailable";
    const why = error instanceof Error ? error.message.replace(/^[a-z_]+: /, "") : String(error);
    throw new DataPlaneError(
      code,
      `connect to the database ${databasePlace(connect.url) ?? ""} of ${setting}: ${why}; start it or correct the URL`,
      { origin: "user", cause: error },
    );
  }
}

const ask = statement("ask_database", "select 1");

/** `host:port/name` without user and password; a socket's directory where that is the host. Undefined for what is no such URL. */
export function databasePlace(url: string): string | undefined {
  if (!/^postgres(ql)?:\/\//i.test(url)) return undefined;
  try {
    // An empty host before the path is PostgreSQL's own notation for a socket.
    const { host, pathname, searchParams } = new URL(url.replace(/@\//, "@localhost/"));
    return `${searchParams.get("host") ?? host}${pathname}`;
  } catch {
    return undefined;
  }
}

function withPassword(url: string, password: string, setting: string): string {
  if (databasePlace(url) === undefined)
    throw fault(
      `${setting} is not a URL such as postgresql://user@host:5432/name; correct it, or leave it out for an embedded server`,
    );
  if (password === "") return url;
  const parts = /^(\w+:\/\/[^/@:]+)(?::[^/@]*)?(@.*)$/s.exec(url);
  if (parts === null) throw fault(`database.postgres.password is set, but ${setting} names no user`);
  return `${parts[1]}:${encodeURIComponent(password)}${parts[2]}`;
}

function fault(what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `read configuration: ${what}`, { origin: "user" });
}
