/** Starts that must fail: one clear line, an exit code, nothing half-made, no process. */
import { once } from "node:events";
import { chmod, chown, cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { emptyHome, processesNaming, type Run, runMain } from "./server-process.ts";

const nobody = 65534;
const oneLine = /^flyte-dataplane: [^\n]+\n$/;

let home: Awaited<ReturnType<typeof emptyHome>>;
beforeEach(async () => {
  home = await emptyHome();
});
afterEach(async () => {
  expect(await processesNaming(home.path)).toEqual([]);
  await home.remove();
});

const environment = () => ({ HOME: home.path, TMPDIR: home.path });
const serve = (data: string, extra: Readonly<Record<string, string>> = {}): Run =>
  runMain(["serve", "--port", "0", "--data-dir", data, "--log-level", "silent"], { ...environment(), ...extra });

/** Ended with `code` and one line on standard error that matches. */
async function refused(run: Run, code: number, line: RegExp): Promise<void> {
  expect(await run.ended, run.stderr()).toBe(code);
  expect(run.stderr()).toMatch(oneLine);
  expect(run.stderr()).toMatch(line);
  expect(run.stdout()).toBe("");
}

describe("an embedded PostgreSQL that will not start", () => {
  let template: Awaited<ReturnType<typeof emptyHome>>;
  beforeAll(async () => {
    // One sound data directory, copied for each way to spoil it.
    template = await emptyHome();
    const made = runMain(["serve", "--port", "0", "--data-dir", join(template.path, "data"), "--log-level", "silent"], {
      HOME: template.path,
      TMPDIR: template.path,
    });
    await made.printed(/ready on/);
    made.child.kill("SIGTERM");
    expect(await made.ended).toBe(0);
  });
  afterAll(() => template.remove());

  test.each([
    {
      name: "its files are of another version",
      spoil: (at: string) => writeFile(join(at, "PG_VERSION"), "12\n"),
      line: /initialized by PostgreSQL version 12/,
    },
    {
      name: "its version file is empty",
      spoil: (at: string) => writeFile(join(at, "PG_VERSION"), ""),
      line: /PG_VERSION" does not contain valid data/,
    },
    {
      name: "its control file is gone",
      spoil: (at: string) => rm(join(at, "global", "pg_control")),
      line: /pg_control": No such file/,
    },
    {
      name: "its settings cannot be read",
      spoil: (at: string) => writeFile(join(at, "postgresql.conf"), "nonsense = = =\n"),
      line: /syntax error in file/,
    },
  ])("is told in PostgreSQL's words: $name", async ({ spoil, line }) => {
    const data = join(home.path, "data");
    await cp(join(template.path, "data"), data, { recursive: true, preserveTimestamps: true });
    await spoil(join(data, "postgres"));
    const before = await readdir(data);
    const run = serve(data);
    await refused(run, 1, line);
    expect(run.stderr()).toContain(join(data, "postgres.log"));
    expect(await readdir(data)).toEqual(before);
  });
});

describe("a DATABASE_URL", () => {
  test("that nobody answers at is named with its address, without its password", async () => {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const address = probe.address();
    const port = typeof address === "object" ? address?.port : undefined;
    probe.close();
    const run = serve(join(home.path, "data"), { DATABASE_URL: `postgresql://me:hidden@localhost:${port}/runs` });
    await refused(run, 2, new RegExp(`localhost:${port}/runs of DATABASE_URL: connect ECONNREFUSED`));
    expect(run.stderr()).not.toContain("hidden");
    expect(await readdir(join(home.path, "data"))).toEqual(["FORMAT"]);
  });

  test.each(["nonsense", "mysql://localhost/x", "postgresql://[/x"])(
    "that is none (%s) touches nothing",
    async (url) => {
      await refused(serve(join(home.path, "data"), { DATABASE_URL: url }), 2, /DATABASE_URL is not a URL such as/);
      expect(await readdir(home.path)).toEqual([]);
    },
  );
});

describe("a data directory", () => {
  const path = (...names: string[]): string => join(home.path, ...names);

  test("with spaces in its path, as in that for temporary files, is refused before anything is made there", async () => {
    await refused(serve(path("my data"), { TMPDIR: path("my temp") }), 2, /free of spaces and shell characters/);
    expect(await readdir(home.path)).toEqual([]);
  });

  test.each([
    { name: "a file", make: () => writeFile(path("there"), "x"), at: "there", line: /it is not a directory/ },
    { name: "below a file", make: () => writeFile(path("there"), "x"), at: "there/x", line: /it is not a directory/ },
    { name: "of a name too long", make: async () => undefined, at: "a".repeat(300), line: /name too long/ },
    { name: "where none can be", make: async () => undefined, at: "/proc/nothing", line: /no such file or directory/ },
  ])("that is $name is refused in one line", async ({ make, at, line }) => {
    await make();
    const before = await readdir(home.path);
    await refused(serve(at.startsWith("/") ? at : path(at)), 2, line);
    expect(await readdir(home.path)).toEqual(before);
  });

  test.skipIf(process.getuid?.() !== 0).each([
    { name: "that cannot be made", owner: 0, mode: 0o755, below: ["data"], line: /it cannot be written/ },
    { name: "of another user", owner: 0, mode: 0o755, below: [], line: /it belongs to user 0/ },
    { name: "that is read-only", owner: nobody, mode: 0o555, below: [], line: /it cannot be written/ },
  ])("$name is refused to an ordinary user", async ({ owner, mode, below, line }) => {
    await chmod(home.path, 0o755);
    await mkdir(path("place"));
    await chown(path("place"), owner, owner);
    await chmod(path("place"), mode);
    const data = path("place", ...below);
    const args = ["serve", "--port", "0", "--data-dir", data, "--log-level", "silent"];
    await refused(runMain(args, environment(), { uid: nobody, gid: nobody }), 2, line);
    expect(await readdir(path("place"))).toEqual([]);
  });
});
