/** Update: attempts and cache status of an action, from clients that keep them themselves (contract 3.4). */
import { create } from "@bufbuild/protobuf";
import {
  actionTypeOf,
  type Clock,
  currentAttempt,
  DataPlaneError,
  errorCode,
  isTerminal,
  type TaskAction,
} from "@flyte-dataplane/core";
import {
  type UpdateRequest,
  type UpdateResponse,
  UpdateResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import type { Cluster } from "../cluster/cluster.ts";
import { readControlState } from "../control-state.ts";
import { readTask } from "../task.ts";
import { actionName, isSameAction } from "./action-name.ts";

const conflictTries = 5;
const conflictDelayMs = 10;
/** The run service keeps attempts in a signed column of this width. */
const maxInt32 = 2 ** 31 - 1;

/**
 * Never lowers the attempt, and leaves ended actions alone. Of an action that the executor follows only the cache status
 * is taken: another attempt would make the running Pod a stray and start the task anew.
 */
export function createUpdate(
  cluster: Cluster,
  clock: Clock,
): (request: UpdateRequest, signal: AbortSignal) => Promise<UpdateResponse> {
  const attempt = async (
    { actionId, attempt: wanted, status }: UpdateRequest,
    signal: AbortSignal,
  ): Promise<UpdateResponse> => {
    const name = actionName("update", actionId);
    if (wanted < 1) throw new DataPlaneError("invalid_argument", `update ${name.resource}: attempt must be at least 1`);
    const beyond = (limit: number): DataPlaneError =>
      new DataPlaneError("invalid_argument", `update ${name.resource}: attempt ${wanted} is beyond the last, ${limit}`);
    if (wanted > maxInt32) throw beyond(maxInt32);
    const absent = (cause?: unknown): DataPlaneError =>
      new DataPlaneError("not_found", `update ${name.resource}: action not found`, { ref: name.resource, cause });
    const action = await cluster.taskActions.get(name.resource, { signal }).catch((error: unknown) => {
      throw errorCode(error) === "not_found" ? absent(error) : error;
    });
    if (!isSameAction(action, name)) throw absent();
    if (isTerminal(action) || status === undefined) return create(UpdateResponseSchema);
    if (wanted > maxAttemptsOf(action)) throw beyond(maxAttemptsOf(action));
    const followed = readControlState(action) !== undefined;
    const attempts = followed ? currentAttempt(action) : Math.max(currentAttempt(action), wanted);
    const cacheStatus = status.cacheStatus;
    const same = attempts === action.status?.attempts && cacheStatus === (action.status.cacheStatus ?? 0);
    if (same) return create(UpdateResponseSchema);
    const { resourceVersion } = action.metadata;
    const precondition = resourceVersion === undefined ? {} : { metadata: { resourceVersion } };
    await cluster.taskActions.patch(
      name.resource,
      { ...precondition, status: { attempts, cacheStatus } },
      { subresource: "status", signal },
    );
    return create(UpdateResponseSchema);
  };

  return async (request, signal) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt(request, signal);
      } catch (error) {
        if (errorCode(error) !== "aborted" || tries >= conflictTries) throw error;
        await clock.sleep(conflictDelayMs * 2 ** (tries - 1), { signal });
      }
    }
  };
}

/** The last attempt that the action may come to. */
function maxAttemptsOf(action: TaskAction): number {
  if (actionTypeOf(action) === "condition") return 1;
  const reading = readTask(action);
  return reading.kind === "task" ? reading.task.maxAttempts : maxInt32;
}
