/** A draft of reconcile as the message that the run service stores (contract 5.1, 5.6). */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { attemptPrefix, outputsUri, reportUri, type TaskAction } from "@flyte-dataplane/core";
import { type ActionIdentifier, ActionIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import type { OutputReferences } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { OutputReferencesSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import {
  type ActionEvent,
  ActionEventSchema,
  ErrorInfo_Kind,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { logContext } from "../log-context.ts";
import type { EventDraft } from "../plan.ts";
import { truncate } from "../truncate.ts";

const maxMessageBytes = 64 * 1024;

export interface EventContext {
  /** Name of this cluster. */
  readonly cluster: string;
  readonly nowMs: number;
}

export function actionEvent(action: TaskAction, draft: EventDraft, context: EventContext): ActionEvent {
  const message = truncate(draft.message, maxMessageBytes);
  const updatedTime = timestampFromMs(draft.updatedMs);
  const logs = draft.pod === undefined ? undefined : logContext(draft.pod);
  const { failure } = draft;
  const kind = failure?.kind === "SYSTEM" ? ErrorInfo_Kind.SYSTEM : ErrorInfo_Kind.USER;
  const outputs = references(action, draft.attempt);
  return create(ActionEventSchema, {
    id: actionIdentifier(action),
    attempt: draft.attempt,
    phase: draft.phase,
    version: draft.version,
    updatedTime,
    reportedTime: timestampFromMs(context.nowMs),
    cluster: context.cluster,
    cacheStatus: draft.cacheStatus,
    clusterEvents: message === "" ? [] : [{ occurredAt: updatedTime, message }],
    ...(failure === undefined
      ? {}
      : { errorInfo: { code: failure.code, message: truncate(failure.message, maxMessageBytes), kind } }),
    ...(logs === undefined ? {} : { logContext: logs }),
    ...(outputs === undefined ? {} : { outputs }),
  });
}

/** Without an organization: it is no part of an action's key. */
export function actionIdentifier(action: TaskAction): ActionIdentifier {
  const { project, domain, runName, actionName } = action.spec;
  return create(ActionIdentifierSchema, { run: { project, domain, name: runName }, name: actionName });
}

/** Where the attempt writes, said from the start; undefined for an action without a usable output base. */
function references(action: TaskAction, attempt: number): OutputReferences | undefined {
  const prefix = outputPrefix(action, attempt);
  return prefix === undefined
    ? undefined
    : create(OutputReferencesSchema, { outputUri: outputsUri(prefix), reportUri: reportUri(prefix) });
}

/** The attempt's prefix; undefined where the action names no usable output base. */
export function outputPrefix(action: TaskAction, attempt: number): string | undefined {
  const { runOutputBase = "", runName, actionName } = action.spec;
  if (runOutputBase === "") return undefined;
  try {
    return attemptPrefix({ runOutputBase, runName, actionName, namespace: action.metadata.namespace ?? "", attempt });
  } catch {
    // The action fails for this; its event must still go out.
    return undefined;
  }
}
