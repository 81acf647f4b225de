import type { K8sPod, TaskTemplate } from "@flyte-dataplane/proto/flyteidl2/core/tasks";

/** Flags after which the SDK's runtime is given its code: an archive of sources, or one pickled task. */
const bundleFlags: ReadonlySet<unknown> = new Set(["--tgz", "--pkl"]);

/**
 * Where the code lies that a task of the Python SDK unpacks before it runs; undefined for tasks that bring none. What the
 * container is really started with counts before what the template says of itself.
 */
export function codeBundleUri(template: TaskTemplate): string | undefined {
  const args = argumentsOf(template);
  const flag = args.findIndex((word) => bundleFlags.has(word));
  const given = flag < 0 ? undefined : args[flag + 1];
  return (typeof given === "string" && given) || template.metadata?.codeBundleUri || undefined;
}

function argumentsOf({ target, config }: TaskTemplate): readonly unknown[] {
  if (target.case === "container") return target.value.args;
  return target.case === "k8sPod" ? primaryArguments(target.value, config["primary_container_name"] ?? "") : [];
}

/** A Pod's specification is whatever somebody wrote: nothing about its shape is sure. */
function primaryArguments({ podSpec, primaryContainerName }: K8sPod, configured: string): readonly unknown[] {
  const containers: unknown = podSpec?.["containers"];
  if (!Array.isArray(containers)) return [];
  const name = primaryContainerName || configured;
  const primary: unknown = containers.find((each: unknown) => isObject(each) && each["name"] === name);
  const args = isObject(primary) ? primary["args"] : undefined;
  return Array.isArray(args) ? args : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
