import type { Env } from "@flyte-dataplane/core";
import { loadConfig } from "@flyte-dataplane/runtime/config";
import { databaseSection } from "@flyte-dataplane/runtime/database";
import { expect, test } from "vitest";
import { databasePlace, externalDatabase } from "./external-database.ts";

async function named(flags: Readonly<Record<string, string>>, env: Env = {}) {
  return await externalDatabase(loadConfig([databaseSection], { env: {}, flags }), env);
}

test("no URL means the embedded server", async () => {
  expect(await named({})).toBeUndefined();
});

test("the setting wins over DATABASE_URL, and each is named", async () => {
  const env = { DATABASE_URL: "postgresql://a@there/x" };
  expect(await named({}, env)).toMatchObject({ setting: "DATABASE_URL", connect: { url: env.DATABASE_URL } });
  expect(await named({ "database.url": "postgres://b@here/y" }, env)).toMatchObject({ setting: "database.url" });
});

test.each([
  {
    name: "none",
    url: "postgresql://me@host:5433/x?sslmode=require",
    becomes: "postgresql://me:p%40s%2Fs%3A%25@host:5433/x?sslmode=require",
  },
  { name: "another", url: "postgresql://me:old@host/x", becomes: "postgresql://me:p%40s%2Fs%3A%25@host/x" },
  {
    name: "none, by a socket",
    url: "postgresql://me@/x?host=/run/pg",
    becomes: "postgresql://me:p%40s%2Fs%3A%25@/x?host=/run/pg",
  },
])("the password is put into a URL that has $name", async ({ url, becomes }) => {
  const found = await named({ "database.url": url, "database.postgres.password": "p@s/s:%" });
  expect(found?.connect).toEqual({ url: becomes, directUrl: becomes });
});

test("a pooler's URL and the direct one both get the password", async () => {
  const flags = {
    "database.url": "postgresql://me@pooler:6432/x",
    "database.directUrl": "postgresql://me@host/x",
    "database.transactionPooler": "true",
    "database.postgres.password": "s",
  };
  expect((await named(flags))?.connect).toEqual({
    url: "postgresql://me:s@pooler:6432/x",
    directUrl: "postgresql://me:s@host/x",
  });
});

test.each([
  {
    name: "a URL of something else",
    flags: { "database.url": "mysql://secret@x/y" },
    says: /^read configuration: database\.url is not a URL such as/,
  },
  {
    name: "a password for nobody",
    flags: { "database.url": "postgresql://host/x", "database.postgres.password": "secret" },
    says: /database\.url names no user/,
  },
  {
    name: "a pooler without a way past it",
    flags: { "database.url": "postgresql://a@b/c", "database.transactionPooler": "true" },
    says: /set database\.directUrl, too/,
  },
  {
    name: "a password without a server",
    flags: { "database.postgres.password": "secret" },
    says: /database\.postgres\.password is set, but no server is named/,
  },
  {
    name: "a server by two names",
    flags: { "database.url": "postgresql://a@b/c", "database.postgres.host": "b" },
    says: /database\.url and database\.postgres\.host are both set/,
  },
])("$name is refused, and nothing secret is shown", async ({ flags, says }) => {
  const refused = await named(flags).then(
    () => "nothing",
    (error: unknown) => String(error instanceof Error ? error.message : error),
  );
  expect(refused).toMatch(says);
  expect(refused).not.toContain("secret");
});

test.each([
  { host: "db", becomes: "postgresql://me%40us:s@db:5432/my%20runs?sslmode=disable" },
  { host: "::1", becomes: "postgresql://me%40us:s@[::1]:5432/my%20runs?sslmode=disable" },
  { host: "/run/pg", becomes: "postgresql://me%40us:s@localhost:5432/my%20runs?host=%2Frun%2Fpg&sslmode=disable" },
])("an address in parts, as the reference writes it, leads to $host", async ({ host, becomes }) => {
  const flags = {
    "database.postgres.host": host,
    "database.postgres.dbname": "my runs",
    "database.postgres.username": "me@us",
    "database.postgres.password": "s",
  };
  expect((await named(flags))?.connect.url).toBe(becomes);
});

test.each([
  ["postgresql://me:secret@host:5433/x?a=b", "host:5433/x"],
  ["postgresql://me@/x?host=%2Frun%2Fpg", "/run/pg/x"],
  ["nonsense", undefined],
])("%s is shown as %s", (url, place) => {
  expect(databasePlace(url)).toBe(place);
});
