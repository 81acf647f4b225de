/** The handler table of RunService. What it lacks answers `unimplemented`. */

import { DataPlaneError } from "@flyte-dataplane/core";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { type RpcService, rpc } from "@flyte-dataplane/runtime/server";
import { actionKey } from "../identifiers.ts";
import { watchActionDetails, watchRunDetails } from "../watches/watch-action-details.ts";
import { watchActions } from "../watches/watch-actions.ts";
import { watchClusterEvents } from "../watches/watch-cluster-events.ts";
import { watchGroups } from "../watches/watch-groups.ts";
import { watchRuns } from "../watches/watch-runs.ts";
import { abortAction, abortRun } from "./abort.ts";
import { createRun } from "./create-run.ts";
import { getActionDataUris } from "./get-action-data-uris.ts";
import { getActionLogContext } from "./get-action-log-context.ts";
import { getActionDetails, getRunDetails } from "./get-details.ts";
import { listActions } from "./list-actions.ts";
import { listRuns } from "./list-runs.ts";
import type { RunsDeps } from "./runs-deps.ts";
import { signalEvent } from "./signal-event.ts";

export function runService(deps: RunsDeps): RpcService {
  const { database } = deps;
  return rpc(RunService, {
    createRun: (request, context) => createRun(deps, request, context.requestHeader),
    abortRun: (request, context) => abortRun(deps, request, context.requestHeader),
    abortAction: (request, context) => abortAction(deps, request, context.requestHeader),
    signalEvent: (request, context) => signalEvent(deps, request, context.requestHeader, context.signal),
    getRunDetails: (request) => getRunDetails(database, request),
    getActionDetails: (request) => getActionDetails(database, request),
    getActionDataURIs: (request) => getActionDataUris(database, request),
    getActionLogContext: (request) => getActionLogContext(database, request),
    listRuns: (request) => listRuns(database, request),
    listActions: (request) => listActions(database, request),
    watchRunDetails: (request, context) => watchRunDetails(deps, request, context.signal),
    watchActionDetails: (request, context) => watchActionDetails(deps, request, context.signal),
    watchRuns: (request, context) => watchRuns(deps, request, context.signal),
    watchClusterEvents: (request, context) => watchClusterEvents(deps, request, context.signal),
    watchGroups: (request, context) => watchGroups(deps, request, context.signal),
    getActionData: ({ actionId }) => {
      actionKey("action_id", actionId);
      throw new DataPlaneError("unimplemented", "get action data: call the data proxy's method of that name");
    },
    watchActions: (request, context) => watchActions(deps, request, context.signal),
  });
}
