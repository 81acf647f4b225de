/** The handler table of InternalRunService: the write side that the controller reports to. */
import { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import { type RpcService, rpc } from "@flyte-dataplane/runtime/server";
import { type RecordActionDeps, recordAction } from "./record-action.ts";
import { recordActionEvents } from "./record-action-events.ts";
import { updateActionStatus } from "./update-action-status.ts";

export function internalRunService(deps: RecordActionDeps): RpcService {
  return rpc(InternalRunService, {
    recordAction: (request) => recordAction(deps, request),
    updateActionStatus: (request) => updateActionStatus(deps, request),
    recordActionEvents: (request) => recordActionEvents(deps, request),
  });
}
