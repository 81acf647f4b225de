/**
 * Traces: functions that a task ran in its own process and reports when they have ended. They are recorded with the run
 * service and shown to the parent's watch; no resource stands for them, so the latest are kept here for a reconnect.
 */
import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { Action } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { ActionIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import type { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import type { TraceAction } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { type ActionUpdate, ActionUpdateSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/state_service";
import { statusFailure } from "../in-band-status.ts";
import { nameKey } from "./action-index.ts";
import type { ActionName } from "./action-name.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface Traces {
  /** Rejects with the run service's refusal. */
  record(name: ActionName, action: Action, trace: TraceAction, signal: AbortSignal): Promise<void>;
  /** The latest update of each trace under `parent` that this process has seen. */
  under(parent: ActionName): readonly ActionUpdate[];
  /** Drops what is kept for a parent that is gone. */
  forget(parentKey: string): void;
}

const maxPerParent = 10_000;
const maxParents = 10_000;

export function createTraces(runs: Client<typeof InternalRunService>, subscriptions: Subscriptions): Traces {
  const kept = new Map<string, Map<string, ActionUpdate>>();

  const remember = (key: string, name: string, update: ActionUpdate): void => {
    const updates = kept.get(key) ?? new Map<string, ActionUpdate>();
    updates.delete(name);
    updates.set(name, update);
    dropOldest(updates, maxPerParent);
    kept.set(key, updates);
    dropOldest(kept, maxParents);
  };

  return {
    record: async (name, action, trace, signal) => {
      const parentName = action.parentActionName ?? "";
      if (parentName === "") throw new DataPlaneError("invalid_argument", "enqueue: a trace needs parent_action_name");
      const { project, domain, run } = name;
      const actionId = create(ActionIdentifierSchema, { run: { project, domain, name: run }, name: name.action });
      const { status } = await runs.recordAction(
        {
          actionId,
          parent: parentName,
          group: action.group,
          subject: action.subject,
          inputUri: action.inputUri,
          spec: { case: "trace", value: trace },
        },
        { signal, timeoutMs: 10_000 },
      );
      const failure = statusFailure(`record trace ${name.resource}`, status);
      if (failure !== undefined) throw failure;
      const phase = trace.phase === ActionPhase.UNSPECIFIED ? ActionPhase.SUCCEEDED : trace.phase;
      const update = create(ActionUpdateSchema, { actionId, phase, outputUri: trace.outputs?.outputUri ?? "" });
      const key = nameKey({ ...name, action: parentName });
      remember(key, name.action, update);
      subscriptions.publish(key, update);
    },
    under: (parent) => [...(kept.get(nameKey(parent))?.values() ?? [])],
    forget: (parentKey) => {
      kept.delete(parentKey);
    },
  };
}

function dropOldest<V>(map: Map<string, V>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
