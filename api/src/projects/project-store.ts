/** Rows of `projects`. The configured ones are put in before anything else is read. */
import { type Database, type Queryable, statement } from "@flyte-dataplane/runtime/database";

export interface ProjectRow {
  readonly identifier: string;
  readonly name: string | null;
  readonly description: string | null;
  /** Labels bytes. */
  readonly labels: Uint8Array | null;
  /** A ProjectState number. */
  readonly state: number | null;
}

export const projectColumns = "identifier, name, description, labels, state";

const selectProject = statement<ProjectRow>(
  "api_project",
  `SELECT ${projectColumns} FROM projects WHERE identifier = $1`,
);

const insertProject = statement<{ identifier: string }>(
  "api_insert_project",
  `INSERT INTO projects (identifier, name, description, labels, state, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING RETURNING identifier`,
);

const updateProject = statement<{ identifier: string }>(
  "api_update_project",
  `UPDATE projects SET name = $2, description = $3, labels = $4, state = $5, updated_at = $6
   WHERE identifier = $1 RETURNING identifier`,
);

const seedProjects = statement(
  "api_seed_projects",
  `INSERT INTO projects (identifier, name, state, created_at, updated_at)
   SELECT id, id, 0, $2, $2 FROM unnest($1::text[]) AS seed(id) ON CONFLICT DO NOTHING`,
);

export interface ProjectStore {
  /** The database, once the configured projects are in it. */
  ready(): Promise<Queryable>;
  find(identifier: string): Promise<ProjectRow | undefined>;
  /** False if there is one of that name. */
  insert(row: ProjectRow, now: string): Promise<boolean>;
  /** Replaces everything but the identifier. False if there is none. */
  replace(row: ProjectRow, now: string): Promise<boolean>;
}

export function createProjectStore(database: Database, seeds: readonly string[], now: () => string): ProjectStore {
  let seeded: Promise<Queryable> | undefined;

  // Once per process; a failed try is repeated by the next call, which fails for the same reason as its own query would.
  function ready(): Promise<Queryable> {
    seeded ??= database.query(seedProjects, [seeds, now()]).then(
      () => database,
      (error: unknown) => {
        seeded = undefined;
        throw error;
      },
    );
    return seeded;
  }

  return {
    ready,
    find: async (identifier) => (await (await ready()).query(selectProject, [identifier])).rows[0],
    insert: async (row, time) => {
      const { rows } = await (await ready()).query(insertProject, [...valuesOf(row), time]);
      return rows.length > 0;
    },
    replace: async (row, time) => {
      const { rows } = await (await ready()).query(updateProject, [...valuesOf(row), time]);
      return rows.length > 0;
    },
  };
}

function valuesOf(row: ProjectRow) {
  return [row.identifier, row.name, row.description, row.labels, row.state] as const;
}
