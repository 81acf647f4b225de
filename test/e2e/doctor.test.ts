/** `flyte-dataplane doctor` beside a healthy server, and with one thing broken at a time. */
import { once } from "node:events";
import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createDatabase, type Database, dynamicStatement } from "@flyte-dataplane/runtime/database";
import { createLogger, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { startTestPostgres, type TestPostgres } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startS3Store, storeProgram } from "./s3-store.ts";
import { emptyHome, runMain } from "./server-process.ts";

interface Finding {
  readonly check: string;
  readonly state: "ok" | "warning" | "fault" | "skipped";
  readonly told: string;
}

let home: Awaited<ReturnType<typeof emptyHome>>;
beforeEach(async () => {
  home = await emptyHome();
});
afterEach(() => home.remove());

async function examine(environment: Readonly<Record<string, string>> = {}, ...args: readonly string[]) {
  const run = runMain(["doctor", "--json", "--port", "0", ...args], {
    HOME: home.path,
    TMPDIR: home.path,
    FLYTE_DATAPLANE_DATA_DIR: join(home.path, "data"),
    ...environment,
  });
  const code = await run.ended;
  expect(run.stderr()).toBe("");
  const { healthy, findings } = JSON.parse(run.stdout()) as { healthy: boolean; findings: readonly Finding[] };
  expect(healthy).toBe(code === 0);
  return {
    code,
    findings,
    faults: findings.filter(({ state }) => state === "fault"),
    of: (check: string) => findings.find((finding) => finding.check === check),
  };
}

/** One fault, of this check, that says this; and the status that tells scripts of it. */
function expectOneFault({ code, faults }: Awaited<ReturnType<typeof examine>>, check: string, told: RegExp): void {
  expect(faults).toEqual([{ check, state: "fault", told: expect.stringMatching(told) as string }]);
  expect(code).toBe(1);
}

describe("without a server", () => {
  test("an empty machine is healthy, and nothing is made there", async () => {
    const { code, faults, of } = await examine();
    expect(faults).toEqual([]);
    expect(code).toBe(0);
    expect(of("data/directory")?.told).toContain("will be made by the first start");
    expect(await readdir(home.path)).toEqual([]);
  });

  test("it speaks in lines, too, with a sum at the end", async () => {
    const run = runMain(["doctor", "--port", "0"], {
      HOME: home.path,
      FLYTE_DATAPLANE_DATA_DIR: join(home.path, "data"),
    });
    expect(await run.ended).toBe(0);
    expect(run.stdout()).toMatch(/^ok {7}config +\d+ settings/);
    expect(run.stdout()).toMatch(/^ok {7}cluster\/shell +\/bin\/sh runs$/m);
    expect(run.stdout()).toMatch(/\n\d+ ok, 0 faults, \d+ warnings, \d+ not looked at\n$/);
  });

  test("every fault of the settings is told, and nothing else is looked at", async () => {
    const file = join(home.path, "c.yaml");
    await writeFile(file, "server:\n  prot: 1\ndatabase:\n  maxOpenConnections: many\n");
    const result = await examine({}, "--config", file);
    expectOneFault(result, "config", /server\.prot.*maxOpenConnections is "many"/);
    expect(result.findings).toHaveLength(1);
  });

  test("a data directory that is a file is told", async () => {
    await writeFile(join(home.path, "data"), "x");
    expectOneFault(await examine(), "data/directory", /data is not a directory; choose another with --data-dir/);
  });

  test("a data directory of another layout is told", async () => {
    await mkdir(join(home.path, "data"));
    await writeFile(join(home.path, "data", "FORMAT"), "flyte-dataplane 9\n");
    const { faults, code } = await examine();
    expect(faults[0]).toMatchObject({ check: "data/directory", told: expect.stringContaining("layout 9") as string });
    expect(code).toBe(1);
  });

  test("a port that is taken is told", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    expectOneFault(await examine({}, "--port", String(port)), "server/port", /the port is in use; choose another/);
    other.close();
  });

  test("a host that others reach is a warning, and so is a Python without the SDK", async () => {
    const warned = await examine({ FLYTE_DATAPLANE_LOCAL_PYTHON: "/nowhere/python" }, "--host", "0.0.0.0");
    expect(warned.code).toBe(0);
    expect(warned.of("server/reach")).toMatchObject({ state: "warning" });
    expect(warned.of("cluster/python")).toMatchObject({
      state: "warning",
      told: "there is no /nowhere/python: Python tasks will not run; install it, or name another in local.python",
    });
  });
});

describe("beside a server", () => {
  test("everything is well while it runs, and after its end its database is started to be looked at", async () => {
    const data = join(home.path, "data");
    const environment = { HOME: home.path, TMPDIR: home.path };
    const server = runMain(["serve", "--port", "0", "--data-dir", data, "--log-level", "silent"], environment);
    await server.printed(/ready on/);
    const beside = await examine();
    expect(beside.faults).toEqual([]);
    expect(beside.code).toBe(0);
    expect(beside.of("server/process")?.told).toContain(`process ${server.child.pid} answers on`);
    for (const check of ["reach", "latency", "migrations", "notifications", "lock"])
      expect(beside.of(`database/${check}`)).toMatchObject({ state: "ok" });
    for (const check of ["write", "read", "link", "delete"])
      expect(beside.of(`store/${check}`)).toMatchObject({ state: "ok" });
    server.child.kill("SIGTERM");
    await server.ended;

    const after = await examine();
    expect(after.faults).toEqual([]);
    expect(after.of("database/lock")).toMatchObject({ state: "ok", told: "no server uses it" });
    expect(after.of("store/link")).toMatchObject({ state: "skipped" });
    expect(await readdir(data)).not.toContain("lock");

    await rename(join(data, "blobs"), join(data, "elsewhere"));
    await writeFile(join(data, "blobs"), "in the way");
    expectOneFault(await examine(), "store/write", /blobs\/doctor\/.*: a part of its path is an object already/);
  });
});

describe("with a database of its own", () => {
  let postgres: TestPostgres;
  let database: Database;
  let url: { readonly DATABASE_URL: string };
  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = { DATABASE_URL: postgres.url };
    const logger = createLogger({ level: "silent" });
    database = createDatabase({ url: postgres.url, clock: systemClock, logger });
  });
  afterAll(async () => {
    await database.close();
    await postgres.stop();
  });

  test("an empty one is well, and says what the first start will do", async () => {
    const { faults, of } = await examine(url);
    expect(faults).toEqual([]);
    expect(of("database/migrations")?.told).toMatch(/^\d+ changes are made by the next start$/);
    expect((await database.query(dynamicStatement("select from pg_tables where schemaname = 'public'"))).count).toBe(0);
  });

  test("one named in parts below runs, as the reference does it, is found", async () => {
    const file = join(home.path, "c.yaml");
    const host = new URL(postgres.url).searchParams.get("host") ?? "";
    const parts = `{ host: ${host}, username: postgres, dbname: postgres, options: sslmode=disable }`;
    await writeFile(file, `runs:\n  database:\n    maxOpenConnections: 20\n    postgres: ${parts}\n`);
    const { faults, of } = await examine({}, "--config", file);
    expect(faults).toEqual([]);
    expect(of("database/reach")?.told).toContain(`answers on ${host}/postgres`);
  });

  test("one that is not there yet is left for the first start", async () => {
    const { code, of } = await examine({ DATABASE_URL: postgres.url.replace("/postgres?", "/other?") });
    expect(of("database/reach")).toMatchObject({ state: "skipped" });
    expect(code).toBe(0);
  });

  test("one that nobody answers at is told with its address, without its password", async () => {
    const result = await examine({ DATABASE_URL: "postgresql://me:hidden@localhost:1/runs" });
    expectOneFault(
      result,
      "database/reach",
      /^localhost:1\/runs does not answer: connect ECONNREFUSED.*; start it, or/,
    );
    expect(JSON.stringify(result.findings)).not.toContain("hidden");
  });

  test("what is no URL of one is told", async () => {
    expectOneFault(await examine({ DATABASE_URL: "mysql://x/y" }), "database", /DATABASE_URL is not a URL such as/);
  });

  test("a pooler without a way past it is told", async () => {
    const pooled = { ...url, FLYTE_DATAPLANE_DATABASE_TRANSACTION_POOLER: "true" };
    expectOneFault(await examine(pooled), "database", /set database\.directUrl, too/);
  });

  test("one that another server runs tasks on is told", async () => {
    const environment = { HOME: home.path, TMPDIR: home.path, ...url };
    const other = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "other")], environment);
    await other.printed(/ready on/);
    expectOneFault(await examine(url), "database/lock", /another server runs tasks on it; stop that one/);
    other.child.kill("SIGTERM");
    await other.ended;
  });

  test("one that a newer version has changed is told", async () => {
    await database.query(
      dynamicStatement(
        "insert into dataplane_migrations (owner, version, name, checksum) values ('cache_service', 99, 'later', 'x')",
      ),
    );
    expectOneFault(await examine(url), "database/migrations", /version 99, newer than this program; start the newer/);
    await database.query(dynamicStatement("delete from dataplane_migrations where version = 99"));
  });
});

const program = storeProgram();
// Where it is missing: `npm run tools -- --only versitygw`.
describe.skipIf(program === undefined)("with a bucket", () => {
  let s3: Awaited<ReturnType<typeof startS3Store>>;
  beforeAll(async () => {
    s3 = await startS3Store(program ?? "");
  });
  afterAll(() => s3.store.stop());
  const prefix = "FLYTE_DATAPLANE_STORAGE_";

  test("that works all is well, and nothing is left in it", async () => {
    const { faults, of } = await examine(s3.environment);
    expect(faults).toEqual([]);
    for (const check of ["store/write", "store/read", "store/link", "store/delete", "clock/store"])
      expect(of(check)).toMatchObject({ state: "ok" });
  });

  test.each([
    { name: "that is not there", own: { BASE: "s3://no-such-bucket/x" }, told: /no-such-bucket/ },
    { name: "and a wrong key", own: { STOW_CONFIG_SECRET_KEY: "not-the-secret" }, told: /refused|denied|signature/i },
    {
      name: "at an address that nobody answers at",
      own: { STOW_CONFIG_ENDPOINT: "http://127.0.0.1:1" },
      told: /127\.0\.0\.1:1: the connection was refused/,
    },
  ])("$name the write is told, and never the key", async ({ own, told }) => {
    const wrong = Object.fromEntries(Object.entries(own).map(([key, value]) => [prefix + key, value]));
    const result = await examine({ ...s3.environment, ...wrong });
    expectOneFault(result, "store/write", told);
    expect(JSON.stringify(result.findings)).not.toContain("not-the-secret");
  });

  test("links that lead elsewhere are told, and a store whose clock is another", async () => {
    const elsewhere = createHttpServer((_, response) => {
      response.writeHead(403, { date: new Date(Date.now() - 3_600_000).toUTCString() }).end();
    }).listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    const { port } = elsewhere.address() as AddressInfo;
    const endpoint = { [`${prefix}SIGNED_URL_STOW_CONFIG_OVERRIDE_ENDPOINT`]: `http://127.0.0.1:${port}` };
    const { faults } = await examine({ ...s3.environment, ...endpoint });
    expect(faults.map(({ check }) => check)).toEqual(["store/link", "clock/store"]);
    expect(faults[0]?.told).toMatch(/127\.0\.0\.1:\d+ was answered with status 403; check keys, clock and address/);
    expect(faults[1]?.told).toMatch(/36\d\d s ahead of the store's, too far for signatures/);
    elsewhere.close();
  });

  test("settings of it that do not go together are told", async () => {
    const result = await examine({ ...s3.environment, [`${prefix}STOW_CONFIG_SECRET_KEY`]: "" });
    expectOneFault(result, "store", /set secret_key_path or secret_key, too/);
  });
});
