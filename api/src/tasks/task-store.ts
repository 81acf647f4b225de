/** Rows of `tasks`: one per version of a task, its spec as it was deployed. */
import { type Queryable, statement } from "@flyte-dataplane/runtime/database";
import type { TaskKey } from "../identifiers.ts";
import { micros } from "../times.ts";

export interface TaskRow extends TaskKey {
  readonly environment: string;
  readonly functionName: string;
  readonly deployedBy: string;
  /** Microseconds since the epoch. */
  readonly createdAt: bigint;
  readonly shortDescription: string | null;
  /** TaskSpec bytes. */
  readonly spec: Uint8Array | null;
}

export const taskColumns: string = `tasks.project, tasks.domain, tasks.name, tasks.version, tasks.environment,
  tasks.function_name AS "functionName", tasks.deployed_by AS "deployedBy",
  ${micros("tasks.created_at")} AS "createdAt", tasks.short_description AS "shortDescription", tasks.task_spec AS spec`;

const selectTask = statement<TaskRow>(
  "api_task",
  `SELECT ${taskColumns} FROM tasks WHERE project = $1 AND domain = $2 AND name = $3 AND version = $4`,
);

const insertTask = statement<{ name: string }>(
  "api_insert_task",
  `INSERT INTO tasks (project, domain, name, version, environment, function_name, deployed_by, task_spec,
                      env_description, short_description, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT DO NOTHING RETURNING name`,
);

export interface NewTask extends TaskKey {
  readonly environment: string;
  readonly environmentDescription: string;
  readonly functionName: string;
  readonly shortDescription: string;
  readonly deployedBy: string;
  readonly spec: Uint8Array;
}

export async function readTask(database: Queryable, key: TaskKey): Promise<TaskRow | undefined> {
  return (await database.query(selectTask, [key.project, key.domain, key.name, key.version])).rows[0];
}

/** False if the version is there already; nothing has changed then. */
export async function insertTaskRow(database: Queryable, task: NewTask, now: string): Promise<boolean> {
  const { rows } = await database.query(insertTask, [
    task.project,
    task.domain,
    task.name,
    task.version,
    task.environment,
    task.functionName,
    task.deployedBy,
    task.spec,
    task.environmentDescription,
    task.shortDescription,
    now,
  ]);
  return rows.length > 0;
}
