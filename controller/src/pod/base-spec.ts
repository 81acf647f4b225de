/** What the template itself says about the Pod, before anything is added (contract 6.1). */
import { DataPlaneError, rawContainerTaskType } from "@flyte-dataplane/core";
import type { K8sPod, Container as TemplateContainer } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import type { Container, PodSpec } from "../cluster/pod-object.ts";
import type { Task } from "../task.ts";
import { templateEnvironment } from "./environment.ts";
import { requirements } from "./resources.ts";

export interface BaseSpec {
  readonly spec: PodSpec;
  /** The container that the task is: it gets the defaults and co-pilot's volumes. */
  readonly primary: string;
  /** The Pod says so itself: the task ends with that container, whatever else still runs. */
  readonly marked: boolean;
}

/** Throws `invalid_argument` for a template that describes no Pod. */
export function baseSpec(task: Task, podName: string): BaseSpec {
  const { target } = task.template;
  if (target.case === "container") return fromContainer(target.value, task, podName);
  if (target.case === "k8sPod") return fromPod(target.value, task);
  throw refuse("the template names no container");
}

function fromContainer(container: TemplateContainer, task: Task, podName: string): BaseSpec {
  const name = containerName(podName);
  const base: Container = {
    name,
    ...(container.image === "" ? {} : { image: container.image }),
    ...(container.command.length === 0 ? {} : { command: container.command }),
    ...(container.args.length === 0 ? {} : { args: container.args }),
    env: templateEnvironment(container.env),
    resources: requirements(container.resources),
  };
  // With an uploader behind it the container's end is not yet the task's: its outputs have still to be published.
  const uploads = container.dataConfig?.enabled === true;
  return { spec: { containers: [base] }, primary: name, marked: task.type !== rawContainerTaskType && !uploads };
}

function fromPod(pod: K8sPod, task: Task): BaseSpec {
  const spec: unknown = pod.podSpec;
  if (!isPodSpec(spec)) throw refuse("its Pod specification has no containers");
  const primary =
    pod.primaryContainerName !== "" ? pod.primaryContainerName : (task.template.config["primary_container_name"] ?? "");
  if (primary === "")
    throw refuse("its Pod specification does not say which container is the primary one; set primary_container_name");
  if (!spec.containers.some(({ name }) => name === primary))
    throw refuse(`its Pod specification has no container named "${primary}"`);
  return { spec, primary, marked: task.type === "sidecar" || spec.containers.length === 1 };
}

function isPodSpec(value: unknown): value is PodSpec {
  if (typeof value !== "object" || value === null || !("containers" in value) || !Array.isArray(value.containers))
    return false;
  return (
    value.containers.length > 0 &&
    value.containers.every(
      (container: unknown) => typeof container === "object" && container !== null && "name" in container,
    )
  );
}

/** The Pod's own name where Kubernetes takes it for a container. */
function containerName(podName: string): string {
  return podName.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(podName) ? podName : "main";
}

function refuse(what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `build the task's Pod: ${what}`, { origin: "user" });
}
