/** Abort: says why, then deletes the action and everything below it (contract 3.5). */
import { create } from "@bufbuild/protobuf";
import {
  abortedByAnnotation,
  abortReasonAnnotation,
  DataPlaneError,
  errorCode,
  isTerminal,
  type Logger,
  pluginFinalizer,
  type TaskAction,
} from "@flyte-dataplane/core";
import {
  type AbortRequest,
  type AbortResponse,
  AbortResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import type { EnrichedIdentity } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import type { Cluster } from "../cluster/cluster.ts";
import { hasFinalizer } from "../ownership.ts";
import { truncate } from "../truncate.ts";
import type { ActionIndex } from "./action-index.ts";
import { actionName, isSameAction } from "./action-name.ts";

export interface AbortOptions {
  readonly cluster: Cluster;
  readonly index: ActionIndex;
  readonly logger: Logger;
}

const maxReasonBytes = 1024;
const cascadeWidth = 50;
const conflictTries = 5;

export function createAbort(
  options: AbortOptions,
): (request: AbortRequest, signal: AbortSignal) => Promise<AbortResponse> {
  const { cluster, index, logger } = options;
  return async (request, signal) => {
    const name = actionName("abort", request.actionId);
    const absent = (cause?: unknown): DataPlaneError =>
      new DataPlaneError("not_found", `abort ${name.resource}: action not found`, { ref: name.resource, cause });
    const target = await cluster.taskActions.get(name.resource, { signal }).catch((error: unknown) => {
      throw errorCode(error) === "not_found" ? absent(error) : error;
    });
    if (!isSameAction(target, name)) throw absent();
    const why = { reason: request.reason ?? "", by: subjectOf(request.abortedBy) };
    // What has ended keeps its end; what it left running below goes all the same.
    if (!isTerminal(target)) await abortOne(cluster, target, why, signal);
    const below = index.descendants(name).filter((action) => !isTerminal(action));
    await inParallel(below, cascadeWidth, (action) =>
      // Each with a signal of its own, so that the call's does not gather everyone's listeners. The cascade of the
      // cluster itself remains where one of these fails.
      abortOne(cluster, action, why, AbortSignal.any([signal])).catch((error: unknown) =>
        logger.warn({ action: action.metadata.name, err: error }, "descendant not aborted"),
      ),
    );
    return create(AbortResponseSchema);
  };
}

interface Why {
  readonly reason: string;
  readonly by: string;
}

async function abortOne(cluster: Cluster, action: TaskAction, why: Why, signal: AbortSignal): Promise<void> {
  const { name, uid } = action.metadata;
  if (action.metadata.deletionTimestamp !== undefined) return;
  try {
    if (!(await prepare(cluster, action, why, signal))) return;
    await cluster.taskActions.delete(name, { ...(uid === undefined ? {} : { uid }), signal });
  } catch (error) {
    const code = errorCode(error);
    // Gone already, or another action of that name by now: what was to be aborted no longer is.
    if (code !== "not_found" && code !== "aborted") throw error;
  }
}

/**
 * Leaves word of who and why. An action that nobody holds yet, such as a condition, is held from now on too: the executor
 * lets it go once its row knows, however often the process dies in between. False for what has ended meanwhile.
 */
async function prepare(
  cluster: Cluster,
  action: TaskAction,
  { reason, by }: Why,
  signal: AbortSignal,
): Promise<boolean> {
  const annotations = {
    ...(reason === "" ? {} : { [abortReasonAnnotation]: truncate(reason, maxReasonBytes) }),
    ...(by === "" ? {} : { [abortedByAnnotation]: by }),
  };
  const { name, uid } = action.metadata;
  let seen = action;
  for (let tries = 1; ; tries += 1) {
    const held = hasFinalizer(seen);
    if (held && Object.keys(annotations).length === 0) return true;
    const { resourceVersion, finalizers = [] } = seen.metadata;
    const metadata = {
      ...(uid === undefined ? {} : { uid }),
      annotations,
      ...(held ? {} : { resourceVersion, finalizers: [...finalizers, pluginFinalizer] }),
    };
    try {
      await cluster.taskActions.patch(name, { metadata }, { signal });
      return true;
    } catch (error) {
      if (errorCode(error) !== "aborted" || tries >= conflictTries) throw error;
    }
    seen = await cluster.taskActions.get(name, { signal });
    if (isTerminal(seen)) return false;
    if (seen.metadata.uid !== uid || seen.metadata.deletionTimestamp !== undefined) return true;
  }
}

/** The subject of a person or an application; empty for nobody. */
export function subjectOf(identity: EnrichedIdentity | undefined): string {
  return identity?.principal.value?.id?.subject ?? "";
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lane = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}
