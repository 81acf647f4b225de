/** The Pod of one attempt (contract section 6). Pure: equal arguments give equal bytes. */
import { errorCode, type TaskAction } from "@flyte-dataplane/core";
import type { LiteralMap } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { Container, Pod, PodSpec } from "./cluster/pod-object.ts";
import type { PodDefaults } from "./config.ts";
import { type Failure, systemFailure, userFailure } from "./failure.ts";
import { baseSpec } from "./pod/base-spec.ts";
import { addCopilot, type PodStorage } from "./pod/copilot.ts";
import { taskEnvironment } from "./pod/environment.ts";
import { podMetadata } from "./pod/metadata.ts";
import { otherRequirements, primaryRequirements } from "./pod/resources.ts";
import { render, templateValues } from "./pod/template-text.ts";
import type { Task } from "./task.ts";

export interface PodPolicy {
  readonly defaults: PodDefaults;
  /** Empty: the namespace's own default. */
  readonly serviceAccount: string;
  /** Of the object store that tasks keep their data in. */
  readonly storage?: PodStorage;
}

export interface PodSources {
  readonly action: TaskAction;
  readonly task: Task;
  readonly name: string;
  readonly policy: PodPolicy;
  /** Read where the command names them. */
  readonly inputs?: LiteralMap;
}

export type PodBuild =
  | { readonly kind: "pod"; readonly pod: Pod }
  | { readonly kind: "fault"; readonly failure: Failure };

/** A fault is the template's and its author's to mend, or a lack in the operator's configuration; neither passes by itself. */
export function buildPod(sources: PodSources): PodBuild {
  try {
    return { kind: "pod", pod: assemble(sources) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    switch (errorCode(error)) {
      case "invalid_argument":
        return { kind: "fault", failure: userFailure("BadTaskSpecification", message, "none") };
      case "failed_precondition":
        return { kind: "fault", failure: systemFailure("BadTaskDefinition", message, "none") };
      default:
        throw error;
    }
  }
}

function assemble(sources: PodSources): Pod {
  const { action, task, name, policy } = sources;
  const base = baseSpec(task, name);
  const complete = (container: Container): Container =>
    completeContainer(container, container.name === base.primary, sources);
  const spec: PodSpec = {
    ...podFields(base.spec, task, policy),
    containers: base.spec.containers.map(complete),
    ...(base.spec.initContainers === undefined ? {} : { initContainers: base.spec.initContainers.map(complete) }),
  };
  const metadata = podMetadata({
    action,
    task,
    name,
    defaultLabels: policy.defaults["default-labels"],
    defaultAnnotations: policy.defaults["default-annotations"],
    ...(base.marked ? { primary: base.primary } : {}),
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: addCopilot(spec, {
      task,
      primary: base.primary,
      config: policy.defaults["co-pilot"],
      storage: policy.storage,
    }),
  };
}

function completeContainer(
  container: Container,
  primary: boolean,
  { action, task, policy, inputs }: PodSources,
): Container {
  const { defaults } = policy;
  const values = templateValues(action, task);
  const rendered = (texts: readonly string[]): readonly string[] => texts.map((text) => render(text, values, inputs));
  const resources = primary
    ? primaryRequirements(container.resources ?? {}, {
        cpu: defaults["default-cpus"],
        memory: defaults["default-memory"],
      })
    : otherRequirements(container.resources);
  const pull = defaults["image-pull-policy"];
  return {
    ...container,
    ...(container.command === undefined ? {} : { command: rendered(container.command) }),
    ...(container.args === undefined ? {} : { args: rendered(container.args) }),
    env: taskEnvironment(container.env ?? [], { action, task, defaults: defaults["default-env-vars"] }),
    ...(resources === undefined ? {} : { resources }),
    ...(container.imagePullPolicy === undefined && isPullPolicy(pull) ? { imagePullPolicy: pull } : {}),
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

function podFields(own: PodSpec, task: Task, policy: PodPolicy): PodSpec {
  const { defaults } = policy;
  const account = task.template.securityContext?.runAs?.k8sServiceAccount ?? "";
  const serviceAccountName = account === "" ? policy.serviceAccount : account;
  const selector = {
    ...defaults["default-node-selector"],
    ...(isTextMap(own["nodeSelector"]) ? own["nodeSelector"] : {}),
  };
  return {
    ...own,
    restartPolicy: own.restartPolicy ?? "Never",
    enableServiceLinks: false,
    ...(serviceAccountName === "" ? {} : { serviceAccountName }),
    ...(defaults["scheduler-name"] === "" || own["schedulerName"] !== undefined
      ? {}
      : { schedulerName: defaults["scheduler-name"] }),
    ...(Object.keys(selector).length === 0 ? {} : { nodeSelector: selector }),
  };
}

function isPullPolicy(text: string): text is "Always" | "IfNotPresent" | "Never" {
  return text === "Always" || text === "IfNotPresent" || text === "Never";
}

function isTextMap(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
