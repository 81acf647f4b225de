/** `<data>/FORMAT`: which layout and which PostgreSQL a data directory was made for. */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";

/** Counts the layouts of the data directory; a program reads exactly its own. */
const layout = 1;

export interface Format {
  readonly layout: number;
  /** PostgreSQL's major version; absent until an embedded server was initialised there. */
  readonly postgres?: number;
}

/** Undefined when there is no such file; an empty one, left by a crash, counts as a new directory's. */
export async function readFormat(directory: string): Promise<Format | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, "FORMAT"), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  if (text.trim() === "") return { layout };
  const found = new Map(text.split("\n").map((line) => line.trim().split(" ", 2) as [string, string]));
  const [own, postgres] = [Number(found.get("flyte-dataplane")), found.get("postgresql")];
  if (!Number.isInteger(own)) {
    throw new DataPlaneError(
      "failed_precondition",
      `data directory ${directory}: its FORMAT file is not ours; choose another with --data-dir`,
      {
        origin: "user",
      },
    );
  }
  return { layout: own, ...(postgres === undefined ? {} : { postgres: Number(postgres) }) };
}

export async function writeFormat(directory: string, postgres: number | undefined): Promise<void> {
  const draft = join(directory, "FORMAT.new");
  await writeFile(draft, `flyte-dataplane ${layout}\n${postgres === undefined ? "" : `postgresql ${postgres}\n`}`);
  await rename(draft, join(directory, "FORMAT"));
}

/** Throws `failed_precondition` when this program cannot read what `format` describes. */
export function requireLayout(directory: string, format: Format): void {
  if (format.layout !== layout) throw mismatch(directory, `layout ${format.layout}`, `layout ${layout}`);
}

/** Throws `failed_precondition` when the cluster was made by another major version than `postgres`. */
export function requirePostgres(directory: string, format: Format, postgres: number): void {
  if (format.postgres !== undefined && format.postgres !== postgres) {
    throw mismatch(directory, `PostgreSQL ${format.postgres}`, `PostgreSQL ${postgres}`);
  }
}

function mismatch(directory: string, theirs: string, ours: string): DataPlaneError {
  return new DataPlaneError(
    "failed_precondition",
    `data directory ${directory}: it was made for ${theirs}, this program has ${ours}; ` +
      "start it with the version that made it, or choose another with --data-dir; nothing carries data from one to the other yet",
    { origin: "user", ref: directory },
  );
}
