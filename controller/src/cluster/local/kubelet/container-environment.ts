import type { Env } from "@flyte-dataplane/core";
import type { Container, EnvVar, Pod } from "../../pod-object.ts";
import { expandVariables } from "./expand-variables.ts";

/** What a container may see of the server's own environment: nothing that could carry a credential or a setting of ours. */
const inherited = ["PATH", "HOME", "LANG"] as const;

/** Holds the uid of the container's Pod, by which processes are known that left its process group. */
export const podVariable = "_FLYTE_LOCAL_POD";

/** Kept from a proxy, so that the services on this machine stay reachable. */
const loopback = "localhost,127.0.0.1";

/** What a container is told beside what its Pod says. Asked at each start, so that nothing of it lies in an object. */
export type ContainerVariables = (pod: Pod, container: Container) => Env | Promise<Env>;

export interface EnvironmentOptions {
  /** The server's environment. */
  readonly server: Env;
  /** What the server tells every container; the Pod's own win. */
  readonly variables: Env;
  /** The run's own directory for temporary files. */
  readonly tmp: string;
}

/** The container's variables by name, before mount paths are replaced. The Pod's own win over those given here. */
export function containerEnvironment(
  pod: Pod,
  container: Container,
  { server, variables: told, tmp }: EnvironmentOptions,
): Map<string, string> {
  const variables = new Map<string, string>();
  for (const name of inherited) {
    const value = server[name];
    if (value !== undefined) variables.set(name, value);
  }
  variables.set(podVariable, pod.metadata.uid ?? "");
  variables.set("TMPDIR", tmp);
  for (const name of ["NO_PROXY", "no_proxy"]) variables.set(name, loopback);
  for (const name of ["PYTHONUNBUFFERED", "PYTHONUTF8"]) variables.set(name, "1");
  variables.set("FLYTE_DISABLE_SENTRY", "true");
  for (const [name, value] of Object.entries(told)) if (value !== undefined) variables.set(name, value);
  // In order, so that one may refer to those before it; a later one of the same name wins.
  for (const variable of container.env ?? []) variables.set(variable.name, valueOf(pod, variable, variables));
  return variables;
}

function valueOf(pod: Pod, variable: EnvVar, before: ReadonlyMap<string, string>): string {
  const path = variable.valueFrom?.fieldRef?.fieldPath;
  return path === undefined ? expandVariables(variable.value ?? "", before) : fieldOf(pod, path);
}

/** A field of the Pod that a container may ask for; empty for one that is not set. */
function fieldOf(pod: Pod, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null) return pod.metadata[keyed[1] === "labels" ? "labels" : "annotations"]?.[keyed[2] ?? ""] ?? "";
  switch (path) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid ?? "";
    case "spec.nodeName":
      return "localhost";
    case "spec.serviceAccountName":
      return pod.spec.serviceAccountName ?? "default";
    case "status.podIP":
    case "status.hostIP":
      return "127.0.0.1";
    default:
      return "";
  }
}
