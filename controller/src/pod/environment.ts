/** Environment of the task's containers, in the contract's order (6.4), each name once: its winner. */
import { parseStorageUri, type TaskAction } from "@flyte-dataplane/core";
import type { KeyValuePair } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { EnvVar } from "../cluster/pod-object.ts";
import type { Task } from "../task.ts";

export interface EnvironmentSources {
  readonly action: TaskAction;
  readonly task: Task;
  /** The operator's; beats everything else. */
  readonly defaults: Readonly<Record<string, string>>;
}

export function taskEnvironment(own: readonly EnvVar[], sources: EnvironmentSources): readonly EnvVar[] {
  const { action, task, defaults } = sources;
  const { spec } = action;
  const id = task.template.id;
  const identity = {
    ACTION_NAME: spec.actionName,
    RUN_NAME: spec.runName,
    _U_RUN_BASE: spec.runOutputBase ?? "",
    _U_ORG_NAME: "local",
  };
  const run = Object.fromEntries(Object.entries(spec.envVars ?? {}).filter(([name]) => !Object.hasOwn(identity, name)));
  return winners([
    // Libraries that write into file storage expect its folders to appear by themselves, as in an object store.
    ...(parseStorageUri(task.prefix).scheme === "file" ? [variable("FSSPEC_FILE_AUTO_MKDIR", "true")] : []),
    ...own,
    variable("FLYTE_INTERNAL_EXECUTION_ID", spec.runName),
    variable("FLYTE_INTERNAL_EXECUTION_PROJECT", spec.project),
    variable("FLYTE_INTERNAL_EXECUTION_DOMAIN", spec.domain),
    { name: "_F_PN", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    variable("FLYTE_ATTEMPT_NUMBER", String(task.attempt - 1)),
    ...["FLYTE_INTERNAL_TASK_", "FLYTE_INTERNAL_"].flatMap((prefix) => [
      variable(`${prefix}PROJECT`, id?.project ?? ""),
      variable(`${prefix}DOMAIN`, id?.domain ?? ""),
      variable(`${prefix}NAME`, id?.name ?? ""),
      variable(`${prefix}VERSION`, id?.version ?? ""),
    ]),
    ...sorted(identity),
    ...sorted(run),
    ...sorted(defaults),
  ]);
}

export function templateEnvironment(pairs: readonly KeyValuePair[]): readonly EnvVar[] {
  return pairs.map(({ key, value }) => variable(key, value));
}

function variable(name: string, value: string): EnvVar {
  return { name, value };
}

function sorted(values: Readonly<Record<string, string>>): readonly EnvVar[] {
  return Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => variable(name, value));
}

/** The last of each name, where it stands. */
function winners(variables: readonly EnvVar[]): readonly EnvVar[] {
  const last = new Map(variables.map((entry, index) => [entry.name, index]));
  return variables.filter((entry, index) => last.get(entry.name) === index);
}
