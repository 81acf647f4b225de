/** The executor's side of the cache: look up before a launch, publish after success (cache-service contract, section 4). */
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import {
  type Clock,
  cacheKeyMapNames,
  compositeKey,
  DataPlaneError,
  decodeLiteralMap,
  errorCode,
  formatCompositeKey,
  type Logger,
  overwriteCacheAnnotation,
  type TaskAction,
} from "@flyte-dataplane/core";
import { CachedOutputSchema } from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import type { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/v2/cacheservice";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { readObject, type Stores, writeObject } from "@flyte-dataplane/storage";
import type { CacheLookup } from "./plan.ts";
import type { Task } from "./task.ts";

export interface CacheFlow {
  /**
   * A hit means that the outputs stand under this attempt's prefix already. Rejects only where the task must not start
   * without an answer: a reservation that cannot be asked for.
   */
  lookUp(action: TaskAction, task: Task, signal: AbortSignal): Promise<CacheLookup>;
  publish(action: TaskAction, task: Task, signal: AbortSignal): Promise<"populated" | "failed">;
  /** Keeps the reservation of a running task; losing it costs a second execution elsewhere at most. */
  extend(action: TaskAction, task: Task, signal: AbortSignal): Promise<void>;
  release(action: TaskAction, task: Task, signal: AbortSignal): Promise<void>;
}

export interface CacheFlowOptions {
  readonly cache: Client<typeof CacheService>;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxOutputBytes: number;
}

const timeoutMs = 10_000;
const heartbeatMs = 10_000;

/** Where an action's entry is looked for. */
interface Asked {
  readonly key: string;
  readonly identifier: { readonly org: string; readonly project: string; readonly domain: string };
}

export function createCacheFlow(options: CacheFlowOptions): CacheFlow {
  const { cache, stores, clock, logger, maxOutputBytes } = options;
  /** Keys whose entry points at outputs that are gone; the next success replaces it. */
  const broken = new Set<string>();

  const request = async (action: TaskAction, task: Task, signal: AbortSignal): Promise<Asked> => {
    const id = task.template.id;
    if (id === undefined)
      throw new DataPlaneError("invalid_argument", "derive a cache key: the task has no identifier");
    const key = formatCompositeKey(
      compositeKey({
        taskId: id,
        literals: await literals(task, stores, maxOutputBytes, signal),
        cacheKey: action.spec.cacheKey ?? "",
        ignoredNames: task.template.metadata?.cacheIgnoreInputVars ?? [],
        ...(task.template.interface === undefined ? {} : { interface: task.template.interface }),
      }),
    );
    return { key, identifier: { org: id.org, project: id.project, domain: id.domain } };
  };

  /** Undefined where no key can be derived, such as without readable inputs: the task runs, and its failure is told there. */
  const requestIfAny = async (action: TaskAction, task: Task, signal: AbortSignal): Promise<Asked | undefined> => {
    try {
      return await request(action, task, signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.warn({ action: action.metadata.name, err: error }, "no cache key, the task runs without the cache");
      return undefined;
    }
  };

  const find = async (
    asked: Asked,
    action: TaskAction,
    task: Task,
    signal: AbortSignal,
  ): Promise<"hit" | "miss" | "unavailable"> => {
    const { key, identifier } = asked;
    try {
      const { output } = await cache.get({ baseRequest: { key }, identifier }, { signal, timeoutMs });
      if (output?.output.case !== "outputUri" || output.metadata?.sourceIdentifier === undefined) return "unavailable";
      return await copy(output.output.value, task, key, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (callCode(error) === Code.NotFound) return "miss";
      logger.warn({ action: action.metadata.name, err: error }, "cache lookup failed, the task runs without it");
      return "unavailable";
    }
  };

  const copy = async (from: string, task: Task, key: string, signal: AbortSignal): Promise<"hit" | "miss"> => {
    let bytes: Uint8Array;
    try {
      bytes = await readObject(stores, from, { maxBytes: maxOutputBytes, signal });
    } catch (error) {
      if (errorCode(error) !== "not_found") throw error;
      // The entry outlived its outputs: a miss that this execution mends.
      broken.add(key);
      return "miss";
    }
    await writeObject(stores, task.outputsUri, bytes, { signal });
    return "hit";
  };

  /** The present owner; undefined where the service knows no reservations. */
  const reserve = async (
    { key, identifier }: Asked,
    action: TaskAction,
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    const heartbeatInterval = durationFromMs(heartbeatMs);
    try {
      const { reservation } = await cache.getOrExtendReservation(
        { baseRequest: { key, ownerId: ownerOf(action), heartbeatInterval }, identifier },
        { signal, timeoutMs },
      );
      return reservation?.ownerId;
    } catch (error) {
      if (callCode(error) === Code.Unimplemented) return undefined;
      throw error;
    }
  };

  return {
    lookUp: async (action, task, signal) => {
      const asked = await requestIfAny(action, task, signal);
      if (asked === undefined) return { kind: "unavailable" };
      const found = overwrites(action) ? "skipped" : await find(asked, action, task, signal);
      if ((found !== "miss" && found !== "skipped") || !task.cache.serializable) return { kind: found };
      const owner = await reserve(asked, action, signal);
      if (owner !== undefined && owner !== ownerOf(action)) return { kind: "reserved", owner };
      if (found === "skipped") return { kind: found };
      // The owner before us may have published between our look and our turn.
      return { kind: owner === undefined ? "miss" : await find(asked, action, task, signal) };
    },
    publish: async (action, task, signal) => {
      try {
        const { key, identifier } = await request(action, task, signal);
        const output = cachedOutput(action, task, clock.now());
        const overwrite = { overwrite: broken.has(key) || overwrites(action) };
        await cache.put({ baseRequest: { key, output, overwrite }, identifier }, { signal, timeoutMs });
        broken.delete(key);
        return "populated";
      } catch (error) {
        signal.throwIfAborted();
        if (callCode(error) === Code.AlreadyExists) return "populated";
        logger.warn({ action: action.metadata.name, err: error }, "outputs could not be cached");
        return "failed";
      }
    },
    extend: async (action, task, signal) => {
      try {
        await reserve(await request(action, task, signal), action, signal);
      } catch (error) {
        logger.warn({ action: action.metadata.name, err: error }, "reservation not extended");
      }
    },
    release: async (action, task, signal) => {
      try {
        const { key, identifier } = await request(action, task, signal);
        await cache.releaseReservation(
          { baseRequest: { key, ownerId: ownerOf(action) }, identifier },
          { signal, timeoutMs },
        );
      } catch (error) {
        signal.throwIfAborted();
        const code = callCode(error);
        if (code !== Code.Unimplemented && code !== Code.NotFound)
          logger.warn({ action: action.metadata.name, err: error }, "reservation not released, it will expire");
      }
    },
  };
}

function overwrites({ metadata }: TaskAction): boolean {
  return metadata.annotations?.[overwriteCacheAnnotation] === "true";
}

function ownerOf(action: TaskAction): string {
  return `${action.metadata.namespace ?? ""}/${action.metadata.name}`;
}

/** An interface without inputs says that there is no file to read. */
async function literals(
  task: Task,
  stores: Stores,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Readonly<Record<string, Literal>>> {
  if (task.template.interface?.inputs === undefined) return {};
  return decodeLiteralMap(await readObject(stores, task.inputsUri, { maxBytes, signal }), task.inputsUri).literals;
}

function cachedOutput(action: TaskAction, task: Task, nowMs: number) {
  const { spec } = action;
  const names = cacheKeyMapNames;
  const values = {
    [names.taskVersion]: task.template.id?.version ?? "",
    [names.runName]: spec.runName,
    [names.project]: spec.project,
    [names.domain]: spec.domain,
    [names.org]: "",
    [names.actionName]: spec.actionName,
    [names.attempt]: String(task.attempt - 1),
  };
  return create(CachedOutputSchema, {
    output: { case: "outputUri", value: task.outputsUri },
    metadata: {
      createdAt: timestampFromMs(nowMs),
      keyMap: { values },
      ...(task.template.id === undefined ? {} : { sourceIdentifier: task.template.id }),
    },
  });
}

/** Undefined for what was no answer of the cache service. */
function callCode(error: unknown): Code | undefined {
  return error instanceof ConnectError ? error.code : undefined;
}
