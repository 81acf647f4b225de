/** The TaskAction that an Enqueue asks for (contract 2.2, 2.6, 3.2). Pure. */
import { clone, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  abortedByAnnotation,
  abortReasonAnnotation,
  actionLabel,
  actionTypeLabel,
  completedTimeLabel,
  DataPlaneError,
  domainLabel,
  isRootLabel,
  overwriteCacheAnnotation,
  projectLabel,
  runLabel,
  type TaskAction,
  type TaskActionSpec,
  taskActionApiVersion,
  taskActionKind,
  taskActionLimits,
  terminalStatusRecordedLabel,
  terminationStatusLabel,
} from "@flyte-dataplane/core";
import type { Action } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { type TaskTemplate, TaskTemplateSchema } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import type { RunSpec } from "@flyte-dataplane/proto/flyteidl2/task/run";
import {
  type ConditionAction,
  ConditionActionSchema,
  type TaskAction as TaskRequest,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { type ActionName, part } from "./action-name.ts";
import { checkLabels } from "./label-syntax.ts";

export interface TaskActionSources {
  readonly name: ActionName;
  readonly namespace: string;
  readonly action: Action;
  /** Applies to roots only; children take everything from their parent. */
  readonly runSpec?: RunSpec;
  readonly parent?: TaskAction;
}

/** Throws `invalid_argument` for what the resource's schema would refuse. */
export function taskActionFor(sources: TaskActionSources, task: TaskRequest): TaskAction {
  const { action, runSpec, parent } = sources;
  const template = task.spec?.taskTemplate;
  if (template === undefined)
    throw new DataPlaneError("invalid_argument", "enqueue: task.spec.task_template is missing");
  const inherited = parent === undefined ? fromRun(runSpec) : fromParent(parent);
  const shortName = task.spec?.shortName ?? "";
  const cacheKey = task.cacheKey ?? "";
  const startMs = runSpec?.runStartTime === undefined ? undefined : timestampMs(runSpec.runStartTime);
  return resource(sources, "task", inherited, {
    inputUri: part("enqueue", "input_uri", action.inputUri, 4096),
    runOutputBase: part("enqueue", "run_output_base", action.runOutputBase, 4096),
    taskType: part("enqueue", "task.spec.task_template.type", template.type, taskActionLimits.label),
    taskTemplate: encode(template, startMs),
    ...(shortName === "" ? {} : { shortName: shortName.slice(0, taskActionLimits.label) }),
    ...(cacheKey === "" ? {} : { cacheKey: part("enqueue", "task.cache_key", cacheKey, taskActionLimits.text) }),
    ...(Object.keys(inherited.envVars).length === 0 ? {} : { envVars: inherited.envVars }),
    ...(inherited.interruptible === undefined ? {} : { interruptible: inherited.interruptible }),
  });
}

/** A condition inherits nothing: it runs no container. */
export function conditionFor(sources: TaskActionSources, condition: ConditionAction): TaskAction {
  const nothing: Inherited = { envVars: {}, labels: {}, annotations: {} };
  return resource(sources, "condition", nothing, {
    actionType: "condition",
    conditionSpec: Buffer.from(toBinary(ConditionActionSchema, condition)).toString("base64"),
    ...(sources.action.inputUri === "" ? {} : { inputUri: sources.action.inputUri }),
    ...(sources.action.runOutputBase === "" ? {} : { runOutputBase: sources.action.runOutputBase }),
  });
}

interface Inherited {
  readonly envVars: Readonly<Record<string, string>>;
  readonly interruptible?: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

function fromRun(runSpec: RunSpec | undefined): Inherited {
  const labels = runSpec?.labels?.values ?? {};
  checkLabels(labels);
  return {
    // The last of equal keys wins.
    envVars: Object.fromEntries((runSpec?.envs?.values ?? []).map(({ key, value }) => [key, value])),
    labels,
    annotations: {
      ...runSpec?.annotations?.values,
      // The resource has no field for it, and children inherit annotations.
      ...(overwritesCache(runSpec) ? { [overwriteCacheAnnotation]: "true" } : {}),
    },
    ...(runSpec?.interruptible === undefined ? {} : { interruptible: runSpec.interruptible }),
  };
}

function overwritesCache(runSpec: RunSpec | undefined): boolean {
  return runSpec?.cacheConfig?.overwriteCache === true || runSpec?.overwriteCache === true;
}

/** What says how the parent itself ended or was aborted is not passed on. */
const ownToParent: ReadonlySet<string> = new Set([
  terminationStatusLabel,
  completedTimeLabel,
  terminalStatusRecordedLabel,
  abortReasonAnnotation,
  abortedByAnnotation,
]);

function fromParent({ metadata, spec }: TaskAction): Inherited {
  const passedOn = (values: Readonly<Record<string, string>> | undefined): Record<string, string> =>
    Object.fromEntries(Object.entries(values ?? {}).filter(([key]) => !ownToParent.has(key)));
  return {
    envVars: spec.envVars ?? {},
    labels: passedOn(metadata.labels),
    annotations: passedOn(metadata.annotations),
    ...(spec.interruptible === undefined ? {} : { interruptible: spec.interruptible }),
  };
}

type OwnSpec = Omit<TaskActionSpec, "runName" | "project" | "domain" | "actionName" | "parentActionName" | "group">;

function resource(
  { name, namespace, action, parent }: TaskActionSources,
  type: "task" | "condition",
  inherited: Inherited,
  own: OwnSpec,
): TaskAction {
  const parentName = action.parentActionName ?? "";
  return {
    apiVersion: taskActionApiVersion,
    kind: taskActionKind,
    metadata: {
      name: name.resource,
      namespace,
      labels: {
        ...inherited.labels,
        [projectLabel]: name.project,
        [domainLabel]: name.domain,
        [runLabel]: name.run,
        [actionLabel]: name.action,
        [actionTypeLabel]: type,
        [isRootLabel]: String(parentName === ""),
      },
      ...(Object.keys(inherited.annotations).length === 0 ? {} : { annotations: inherited.annotations }),
      ...(parent === undefined
        ? {}
        : {
            ownerReferences: [
              {
                apiVersion: taskActionApiVersion,
                kind: taskActionKind,
                name: parent.metadata.name,
                uid: parent.metadata.uid ?? "",
                blockOwnerDeletion: true,
              },
            ],
          }),
    },
    spec: {
      runName: name.run,
      project: name.project,
      domain: name.domain,
      actionName: name.action,
      ...(parentName === "" ? {} : { parentActionName: parentName }),
      ...(action.group === "" ? {} : { group: part("enqueue", "group", action.group, taskActionLimits.text) }),
      ...own,
    },
  };
}

/** The template as it is stored: arguments know when the run began. The caller's message is left alone. */
function encode(template: TaskTemplate, runStartMs: number | undefined): string {
  let stored = template;
  if (runStartMs !== undefined && template.target.case === "container") {
    stored = clone(TaskTemplateSchema, template);
    const text = new Date(runStartMs).toISOString().replace(/\.000Z$/, "Z");
    if (stored.target.case === "container")
      stored.target.value.args = stored.target.value.args.map((arg) => arg.replaceAll("{{.runStartTime}}", text));
  }
  return Buffer.from(toBinary(TaskTemplateSchema, stored)).toString("base64");
}
