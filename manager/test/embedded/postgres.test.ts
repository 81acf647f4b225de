import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { identify, isAlive } from "../../src/embedded/process-identity.ts";
import { query, scratch, start, usedDirectory } from "./support.ts";

const dist = fileURLToPath(new URL("../../dist/embedded/", import.meta.url));

/** A process of its own that starts the database on `path` and then waits to be killed. */
async function startElsewhere(
  path: string,
  as: { readonly uid?: number; readonly gid?: number; readonly PATH?: string } = {},
): Promise<{ readonly child: ChildProcess; readonly postmaster: number }> {
  const program = `
    import { openDataDirectory } from ${JSON.stringify(`${dist}data-directory.js`)};
    import { startEmbeddedPostgres } from ${JSON.stringify(`${dist}postgres.js`)};
    import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const data = await openDataDirectory(${JSON.stringify(path)});
    const postgres = await startEmbeddedPostgres({ data, env: process.env, temporary: "/tmp", clock: systemClock, logger });
    console.log(postgres.pid);
    setInterval(() => {}, 1000);`;
  const { PATH = process.env["PATH"], ...user } = as;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    ...user,
    cwd: dist,
    env: { PATH },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => [""])])) as [
    Buffer | string,
  ];
  if (line === "") throw new Error("the database did not start");
  return { child, postmaster: Number(line.toString()) };
}

async function uidOf(pid: number): Promise<number> {
  return (await stat(`/proc/${pid}`)).uid;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

describe("embedded PostgreSQL", () => {
  test("it is initialised once, keeps its rows from start to start, and stop leaves no process, socket or lock", async () => {
    const path = join(await scratch(), "data");
    const first = await start(path);
    await query(first.postgres.url, "create table kept as select 7 as n");
    const postmaster = await identify(first.postgres.pid);
    await first.postgres.stop();
    await first.data.lock.release();
    expect(postmaster !== undefined && (await isAlive(postmaster))).toBe(false);
    expect((await readdir(path)).sort()).toEqual(["FORMAT", "postgres", "postgres.log"]);
    const second = await start(path);
    expect(second.postgres.adopted).toBe(false);
    expect(await query(second.postgres.url, "select n from kept")).toEqual([{ n: 7 }]);
  });

  test("what is written survives the power: durability stays on", async () => {
    const { postgres } = await start(await usedDirectory());
    const [row] = await query(
      postgres.url,
      "select current_setting('fsync') || current_setting('full_page_writes') || current_setting('synchronous_commit') as on",
    );
    expect(row).toEqual({ on: "ononon" });
  });

  test("it listens on no port, and its socket is in a directory that only its owner may enter", async () => {
    const path = await usedDirectory();
    const { postgres } = await start(path);
    expect(await query(postgres.url, "select current_setting('listen_addresses') as addresses")).toEqual([
      { addresses: "" },
    ]);
    expect((await stat(join(path, "socket"))).mode & 0o777).toBe(0o700);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  test("a data directory whose path is too long for a socket gets a temporary one that the lock names and stop removes", async () => {
    const path = await usedDirectory("d".repeat(90));
    const { postgres, data } = await start(path);
    const named = JSON.parse(await readFile(join(path, "lock"), "utf8")) as { socketDirectory: string };
    expect(named.socketDirectory).toMatch(/^\/tmp\/flyte-dataplane-/);
    expect((await stat(named.socketDirectory)).mode & 0o777).toBe(0o700);
    expect(await query(postgres.url, "select 1 as n")).toEqual([{ n: 1 }]);
    await postgres.stop();
    await data.lock.release();
    await expect(stat(named.socketDirectory)).rejects.toThrow("ENOENT");
  });

  test("SIGKILL of the server leaves the database running, and the next server adopts it with its temporary socket", async () => {
    const path = await usedDirectory("d".repeat(90));
    const { child, postmaster } = await startElsewhere(path);
    await kill(child);
    const { postgres } = await start(path);
    expect(postgres).toMatchObject({ adopted: true, pid: postmaster });
    expect(await query(postgres.url, "select 1 as n")).toEqual([{ n: 1 }]);
    await postgres.stop();
    expect(await identify(postmaster)).toBeUndefined();
    await expect(stat(new URL(postgres.url).searchParams.get("host") ?? "")).rejects.toThrow("ENOENT");
  });

  test("Ctrl-C at the terminal does not reach the database", async () => {
    const { child, postmaster } = await startElsewhere(await usedDirectory());
    const ended = once(child, "exit");
    // What a terminal does: the signal goes to the whole foreground group.
    process.kill(-(child.pid ?? 0), "SIGINT");
    await ended;
    expect(await identify(postmaster)).toBeDefined();
    process.kill(postmaster, "SIGINT");
    await expect.poll(() => identify(postmaster)).toBeUndefined();
  });

  test("after SIGKILL of the database and the server alike, the next start recovers what was committed", async () => {
    const path = await usedDirectory();
    const { child, postmaster } = await startElsewhere(path);
    await query(
      `postgresql://flyte@localhost/postgres?host=${encodeURIComponent(join(path, "socket"))}`,
      "create table kept as select 7 as n",
    );
    await kill(child);
    process.kill(postmaster, "SIGKILL");
    await expect.poll(() => identify(postmaster)).toBeUndefined();
    const { postgres } = await start(path);
    expect(postgres.adopted).toBe(false);
    expect(await query(postgres.url, "select n from kept")).toEqual([{ n: 7 }]);
  });

  test("a note of a dead database whose pid another process got does not keep it from starting", async () => {
    const path = await usedDirectory();
    const first = await start(path);
    const note = await readFile(join(path, "postgres", "postmaster.pid"), "utf8");
    await first.postgres.stop();
    await first.data.lock.release();
    const other = spawn("sleep", ["60"]);
    onTestFinished(() => void other.kill());
    await writeFile(join(path, "postgres", "postmaster.pid"), note.replace(/^\d+/, String(other.pid)));
    const second = await start(path);
    expect(await query(second.postgres.url, "select 1 as n")).toEqual([{ n: 1 }]);
    expect(other.exitCode).toBeNull();
  });

  test("a server that cannot start says why in one line and leaves no socket directory", async () => {
    const path = await usedDirectory();
    const first = await start(path);
    await first.postgres.stop();
    await first.data.lock.release();
    await writeFile(join(path, "postgres", "postgresql.conf"), "nonsense = 1\n");
    await expect(start(path)).rejects.toThrow(
      /^start embedded postgres: ended with status 1: .*nonsense.*; the whole log is .*postgres\.log$/s,
    );
    expect(await readdir(path)).not.toContain("socket");
  });

  test("an initialisation that was cut off is made anew", async () => {
    const path = join(await scratch(), "data");
    await mkdir(join(path, "postgres.draft", "base"), { recursive: true, mode: 0o700 });
    await writeFile(join(path, "FORMAT"), "flyte-dataplane 1\n");
    const { postgres } = await start(path);
    expect(await query(postgres.url, "select 1 as n")).toEqual([{ n: 1 }]);
    expect(await readFile(join(path, "FORMAT"), "utf8")).toBe("flyte-dataplane 1\npostgresql 18\n");
  });

  test.runIf(process.getuid?.() === 0 && process.platform === "linux")(
    "root without user namespaces runs it as nobody, and a start that has them carries on with the same data",
    async () => {
      const parent = await scratch();
      await chmod(parent, 0o755);
      const path = join(parent, "data");
      // Without `unshare` on the path no namespace can be made.
      const programs = await scratch();
      await symlink("/bin/chown", join(programs, "chown"));
      const { child, postmaster } = await startElsewhere(path, { PATH: programs });
      expect(await uidOf(postmaster)).toBe(65534);
      const socket = encodeURIComponent(join(path, "socket"));
      await query(`postgresql://flyte@localhost/postgres?host=${socket}`, "create table kept as select 7 as n");
      await kill(child);
      process.kill(postmaster, "SIGINT");
      await expect.poll(() => identify(postmaster)).toBeUndefined();
      const { postgres } = await start(path);
      expect(await query(postgres.url, "select n from kept")).toEqual([{ n: 7 }]);
    },
  );

  test.runIf(process.getuid?.() === 0)(
    "an ordinary user, with a name or without, runs it on a directory of its own",
    async () => {
      for (const uid of [65534, 54321]) {
        const parent = await scratch();
        await chown(parent, uid, uid);
        const { child, postmaster } = await startElsewhere(join(parent, "data"), { uid, gid: uid });
        expect(await identify(postmaster)).toBeDefined();
        await kill(child);
        process.kill(postmaster, "SIGINT");
        await expect.poll(() => identify(postmaster)).toBeUndefined();
      }
    },
  );
});
