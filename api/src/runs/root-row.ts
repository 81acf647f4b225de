/** A planned run as the row of its root action and as the request to the actions service. */
import { clone, create, toBinary } from "@bufbuild/protobuf";
import { isLabelKey, isLabelValue } from "@flyte-dataplane/core";
import { EnqueueRequestSchema } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { EnrichedIdentitySchema } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { type RunSpec, RunSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/run";
import {
  ActionSpecSchema,
  ActionType,
  TaskActionSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { RunInfoSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_info";
import { actionIdentifier } from "../identifiers.ts";
import { enrichedIdentity } from "../identity/caller.ts";
import { sourceName } from "./action-view.ts";
import type { NewAction } from "./insert-action.ts";
import type { RunPlan } from "./plan-run.ts";

export function rootRow(plan: RunPlan, specDigest: string, now: bigint): NewAction {
  const { id, spec } = plan.task;
  const labels = plan.runSpec.labels?.values ?? {};
  return {
    ...plan.action,
    phase: ActionPhase.QUEUED,
    actionType: ActionType.TASK,
    runSource: sourceName(plan.source),
    task: {
      project: id.project,
      domain: id.domain,
      name: id.name,
      version: id.version,
      type: spec.taskTemplate?.type ?? "",
    },
    shortName: spec.shortName,
    functionName: id.name,
    environmentName: spec.environment?.name ?? "",
    actionSpec: toBinary(ActionSpecSchema, actionSpecOf(plan)),
    runInfo: toBinary(RunInfoSchema, create(RunInfoSchema, { taskSpecDigest: specDigest, inputsUri: plan.inputsUri })),
    runSpec: toBinary(RunSpecSchema, plan.runSpec),
    requestDigest: plan.digest,
    createdAt: now,
    updatedAt: now,
    ...(Object.keys(labels).length === 0 ? {} : { runLabels: labels }),
    ...(plan.caller === undefined
      ? {}
      : {
          createdBy: toBinary(EnrichedIdentitySchema, enrichedIdentity(plan.caller)),
          createdBySubject: plan.caller.subject,
        }),
  };
}

/** EnqueueRequest bytes: the folder of the inputs, not the message in it; parent, group and subject stay unset. */
export function enqueueRequestOf(plan: RunPlan): Uint8Array {
  const request = create(EnqueueRequestSchema, {
    runSpec: withLabelsOfResources(plan.runSpec),
    action: {
      actionId: actionIdentifier(plan.action),
      inputUri: plan.inputsFolder,
      runOutputBase: plan.runOutputBase,
      spec: {
        case: "task",
        value: create(TaskActionSchema, { id: plan.task.id, spec: plan.task.spec, cacheKey: plan.cacheKey }),
      },
    },
  });
  return toBinary(EnqueueRequestSchema, request);
}

/** A label beyond what a cluster's resources can carry stays with the run alone, where it can be seen and searched. */
function withLabelsOfResources(runSpec: RunSpec): RunSpec {
  const labels = Object.entries(runSpec.labels?.values ?? {});
  const carried = labels.filter(([key, value]) => isLabelKey(key) && isLabelValue(value));
  if (carried.length === labels.length) return runSpec;
  const copy = clone(RunSpecSchema, runSpec);
  if (copy.labels !== undefined) copy.labels.values = Object.fromEntries(carried);
  return copy;
}

function actionSpecOf(plan: RunPlan) {
  return create(ActionSpecSchema, {
    actionId: actionIdentifier(plan.action),
    runSpec: plan.runSpec,
    inputUri: plan.inputsUri,
    runOutputBase: plan.runOutputBase,
    spec: { case: "task", value: create(TaskActionSchema, { id: plan.task.id, spec: plan.task.spec }) },
  });
}
