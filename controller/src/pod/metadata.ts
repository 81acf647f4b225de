/** Labels, annotations and owner of a task's Pod (contract 6.2). */
import {
  abortedByAnnotation,
  abortReasonAnnotation,
  completedTimeLabel,
  managedLabel,
  type ObjectMeta,
  podActionLabel,
  podAttemptLabel,
  podDomainLabel,
  podOrganizationLabel,
  podProjectLabel,
  podRunLabel,
  podTaskNameLabel,
  primaryContainerAnnotation,
  type TaskAction,
  taskActionApiVersion,
  taskActionKind,
  terminalStatusRecordedLabel,
  terminationStatusLabel,
} from "@flyte-dataplane/core";
import type { Task } from "../task.ts";

export interface MetadataSources {
  readonly action: TaskAction;
  readonly task: Task;
  readonly name: string;
  readonly defaultLabels: Readonly<Record<string, string>>;
  readonly defaultAnnotations: Readonly<Record<string, string>>;
  /** The container whose end is the task's end, where one is named. */
  readonly primary?: string;
}

const lifecycle: ReadonlySet<string> = new Set([
  terminationStatusLabel,
  completedTimeLabel,
  terminalStatusRecordedLabel,
]);
const abort: ReadonlySet<string> = new Set([abortReasonAnnotation, abortedByAnnotation]);

export function podMetadata(sources: MetadataSources): ObjectMeta {
  const { action, name } = sources;
  return {
    name,
    ...(action.metadata.namespace === undefined ? {} : { namespace: action.metadata.namespace }),
    labels: sorted(labels(sources)),
    annotations: sorted(annotations(sources)),
    ownerReferences: [
      {
        apiVersion: taskActionApiVersion,
        kind: taskActionKind,
        name: action.metadata.name,
        uid: action.metadata.uid ?? "",
        controller: true,
      },
    ],
  };
}

function labels({ action, task, defaultLabels }: MetadataSources): Record<string, string> {
  const { spec } = action;
  const own = templateMetadata(task)?.labels ?? {};
  const inherited = Object.fromEntries(
    Object.entries(action.metadata.labels ?? {}).filter(([key]) => !lifecycle.has(key)),
  );
  const injected: Record<string, string> = {
    [podOrganizationLabel]: "flyte",
    [podProjectLabel]: spec.project,
    [podDomainLabel]: spec.domain,
    [managedLabel]: "true",
    [podRunLabel]: labelValue(spec.runName),
    [podActionLabel]: labelValue(spec.actionName),
    [podAttemptLabel]: String(task.attempt),
    [podTaskNameLabel]: labelValue(task.template.id?.name ?? ""),
  };
  if ((task.template.securityContext?.secrets.length ?? 0) > 0) injected["inject-flyte-secrets"] = "true";
  const all = { ...defaultLabels, ...own, ...inherited, ...injected };
  return Object.fromEntries(
    Object.entries(all).filter(([key, value]) => value !== "" || !Object.hasOwn(injected, key)),
  );
}

function annotations({ action, task, defaultAnnotations, primary }: MetadataSources): Record<string, string> {
  const inherited = Object.fromEntries(
    Object.entries(action.metadata.annotations ?? {}).filter(([key]) => !abort.has(key)),
  );
  return {
    ...defaultAnnotations,
    ...templateMetadata(task)?.annotations,
    ...inherited,
    ...(primary === undefined ? {} : { [primaryContainerAnnotation]: primary }),
  };
}

function templateMetadata(
  task: Task,
): { readonly labels: Record<string, string>; readonly annotations: Record<string, string> } | undefined {
  const { target, metadata } = task.template;
  return target.case === "k8sPod" ? target.value.metadata : metadata?.metadata;
}

/** `text` as a label value: bad characters become `-`, 63 at most, alphanumeric at both ends; may come out empty. */
export function labelValue(text: string): string {
  return text
    .replace(/[^A-Za-z0-9._-]/g, "-")
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]/, "x")
    .replace(/[^A-Za-z0-9]$/, "x");
}

function sorted(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}
