import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, chown, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { openDataDirectory } from "../../src/embedded/data-directory.ts";
import { dataPath } from "../../src/embedded/data-path.ts";
import { readLock } from "../../src/embedded/lock-file.ts";
import { identify } from "../../src/embedded/process-identity.ts";
import { scratch, start } from "./support.ts";

describe("where data stands", () => {
  test.each([
    { name: "as chosen, made absolute", chosen: "/x/../y", env: {}, uid: 1, path: "/y" },
    { name: "root's own place", chosen: "", env: { XDG_DATA_HOME: "/d" }, uid: 0, path: "/var/lib/flyte-dataplane" },
    { name: "XDG_DATA_HOME", chosen: "", env: { XDG_DATA_HOME: "/d" }, uid: 1, path: "/d/flyte-dataplane" },
    {
      name: "the home where XDG_DATA_HOME is relative",
      chosen: "",
      env: { XDG_DATA_HOME: "d" },
      uid: 1,
      path: "/home/u/.local/share/flyte-dataplane",
    },
    { name: "the home", chosen: "", env: {}, uid: 1, path: "/home/u/.local/share/flyte-dataplane" },
  ])("$name", ({ chosen, env, uid, path }) => {
    expect(dataPath({ chosen, env, uid, home: "/home/u" })).toBe(path);
  });
});

async function refusal(path: string): Promise<string> {
  return openDataDirectory(path).then(
    async (opened) => {
      await opened.lock.release();
      return "opened";
    },
    (error: unknown) => (error instanceof Error ? error.message : "no error"),
  );
}

describe("a data directory", () => {
  test("is made where there is none, and opened again afterwards", async () => {
    const path = join(await scratch(), "a", "b");
    expect(await refusal(path)).toBe("opened");
    expect(await readdir(path)).toEqual(["FORMAT"]);
    expect(await refusal(path)).toBe("opened");
  });

  test("is private, while what leads there is left to the user's own mask", async () => {
    const parent = join(await scratch(), "a");
    expect(await refusal(join(parent, "b"))).toBe("opened");
    expect((await stat(join(parent, "b"))).mode & 0o777).toBe(0o700);
    expect((await stat(parent)).mode & 0o777).toBe(0o777 & ~process.umask());
  });

  test("with files of others is refused and left as it was", async () => {
    const path = await scratch();
    await writeFile(join(path, "thesis.tex"), "");
    expect(await refusal(path)).toBe(
      `data directory ${path}: it holds "thesis.tex" and other files that are not ours; choose another with --data-dir`,
    );
    expect(await readdir(path)).toEqual(["thesis.tex"]);
  });

  test("that is a file is refused", async () => {
    const path = join(await scratch(), "file");
    await writeFile(path, "");
    expect(await refusal(path)).toBe(`data directory ${path}: it is not a directory; choose another with --data-dir`);
    expect(await refusal(join(path, "below"))).toBe(
      `data directory ${path}/below: it is not a directory; choose another with --data-dir`,
    );
  });

  test("of another layout is refused with the commands that move the data", async () => {
    const path = await scratch();
    await writeFile(join(path, "FORMAT"), "flyte-dataplane 2\npostgresql 18\n");
    expect(await refusal(path)).toMatch(
      /it was made for layout 2, this program has layout 1; start it with the version that made it, or choose/,
    );
  });

  test("of another PostgreSQL is refused before anything starts", async () => {
    const path = await scratch();
    await writeFile(join(path, "FORMAT"), "flyte-dataplane 1\npostgresql 17\n");
    await expect(start(path)).rejects.toThrow(
      /it was made for PostgreSQL 17, this program has PostgreSQL 18; start it with the version that made it/,
    );
    expect(await readdir(path)).not.toContain("postgres");
  });

  test("whose FORMAT was cut off by a crash is a new one", async () => {
    const path = await scratch();
    await writeFile(join(path, "FORMAT"), "");
    expect(await refusal(path)).toBe("opened");
  });

  test("has one name, whichever link leads there", async () => {
    const real = await scratch();
    const linked = join(await scratch(), "link");
    await symlink(real, linked);
    const opened = await openDataDirectory(linked);
    await opened.lock.release();
    expect(opened.path).toBe(real);
  });
});

describe("a data directory as an ordinary user", () => {
  const dist = fileURLToPath(new URL("../../dist/embedded/data-directory.js", import.meta.url));
  async function openAs(path: string): Promise<string> {
    const program = `const { openDataDirectory } = await import(${JSON.stringify(dist)});
      await openDataDirectory(${JSON.stringify(path)}).then(() => console.log("opened"), (error) => console.log(error.message));`;
    const who = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
      cwd: "/",
      ...who,
    });
    return stdout.trim();
  }

  test("that it may not write is refused in one line", async () => {
    const path = await scratch();
    await chmod(path, 0o555);
    const inside = join(path, "data");
    expect(await openAs(inside)).toBe(`data directory ${inside}: it cannot be written; choose another with --data-dir`);
  });

  test.runIf(process.getuid?.() === 0)("that belongs to another is refused in one line", async () => {
    const path = await scratch();
    await chown(path, 65533, 65533);
    await chmod(path, 0o777);
    expect(await openAs(path)).toBe(`data directory ${path}: it belongs to user 65533; choose another with --data-dir`);
  });
});

describe("the lock", () => {
  function holder(): ChildProcess {
    const child = spawn("sleep", ["60"]);
    onTestFinished(() => void child.kill());
    return child;
  }
  async function locked(path: string, by: { pid: number; started: string }, more: object = {}): Promise<void> {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "FORMAT"), "flyte-dataplane 1\n");
    await writeFile(join(path, "lock"), JSON.stringify({ ...by, ...more }));
  }

  test("of a live process refuses a second server in one line that names it", async () => {
    const path = join(await scratch(), "data");
    const opened = await openDataDirectory(path);
    expect(await refusal(path)).toBe(
      `data directory ${path}: process ${process.pid} is using it; stop that server first, or choose another with --data-dir`,
    );
    await opened.lock.release();
    expect(await refusal(path)).toBe("opened");
  });

  test("of a process that is gone, or whose pid another process got, is taken over", async () => {
    const path = join(await scratch(), "data");
    const identity = await identify(holder().pid ?? 0);
    if (identity === undefined) throw new Error("no process");
    await locked(path, { pid: identity.pid, started: "another start" }, { socketDirectory: "/tmp/flyte-dataplane-x" });
    const opened = await openDataDirectory(path);
    expect(opened.lock.left).toEqual({ socketDirectory: "/tmp/flyte-dataplane-x" });
    expect(await readLock(path)).toMatchObject({ pid: process.pid });
    await opened.lock.release();
  });

  test("that holds nonsense is taken over", async () => {
    const path = join(await scratch(), "data");
    await mkdir(path);
    await writeFile(join(path, "FORMAT"), "flyte-dataplane 1\n");
    await writeFile(join(path, "lock"), "{");
    expect(await refusal(path)).toBe("opened");
  });

  test("tells where the server answers, for as long as it is held", async () => {
    const path = join(await scratch(), "data");
    const opened = await openDataDirectory(path);
    await opened.lock.describe({ url: "http://localhost:1" });
    expect(await readLock(path)).toMatchObject({ pid: process.pid, url: "http://localhost:1" });
    expect(await readFile(join(path, "lock"), "utf8")).toContain("started");
    await opened.lock.release();
    expect(await readLock(path)).toBeUndefined();
  });

  test("has one winner among many that find a stale one at once", async () => {
    const path = join(await scratch(), "data");
    await locked(path, { pid: 2 ** 22 + 1, started: "gone" });
    const results = await Promise.all(Array.from({ length: 20 }, () => openDataDirectory(path).catch(() => undefined)));
    const winners = results.filter((result) => result !== undefined);
    expect(winners).toHaveLength(1);
    await winners[0]?.lock.release();
    expect(await readdir(path)).toEqual(["FORMAT"]);
  });
});
