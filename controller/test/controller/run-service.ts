/** What the controller tells others, written down: the run service's side of its calls, and a cache of its own. */
import { create } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import {
  type CachedOutput,
  GetCacheResponseSchema,
  GetOrExtendReservationResponseSchema,
  PutCacheResponseSchema,
  ReleaseReservationResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/v2/cacheservice";
import type { ActionIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import {
  InternalRunService,
  RecordActionEventsResponseSchema,
  type RecordActionRequest,
  RecordActionResponseSchema,
  type UpdateActionStatusRequest,
  UpdateActionStatusResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import type { ActionEvent } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { type RpcService, rpc } from "@flyte-dataplane/runtime/server";

export interface RunService {
  readonly rpc: RpcService;
  readonly records: RecordActionRequest[];
  readonly updates: UpdateActionStatusRequest[];
  readonly events: ActionEvent[];
  /** Calls of any kind, in order: `record r1-a0`, `update r1-a0 RUNNING`. */
  readonly calls: string[];
  /** Asked before each call; what it throws is the answer, a number is an in-band status code. */
  before: (call: string) => number | undefined;
}

export function recordingRunService(): RunService {
  const service: Omit<RunService, "rpc"> = { records: [], updates: [], events: [], calls: [], before: () => undefined };
  const answer = (call: string): { readonly status: { readonly code: number } } => {
    const code = state.before(call) ?? 0;
    state.calls.push(code === 0 ? call : `${call} (${code})`);
    return { status: { code } };
  };
  const state: RunService = {
    ...service,
    rpc: rpc(InternalRunService, {
      recordAction: (request) => {
        const response = create(RecordActionResponseSchema, answer(`record ${nameOf(request)}`));
        if (response.status?.code === 0) state.records.push(request);
        return response;
      },
      updateActionStatus: (request) => {
        const response = create(
          UpdateActionStatusResponseSchema,
          answer(`update ${nameOf(request)} ${ActionPhase[request.status?.phase ?? 0]}`),
        );
        if (response.status?.code === 0) state.updates.push(request);
        return response;
      },
      recordActionEvents: (request) => {
        const response = create(RecordActionEventsResponseSchema, answer(`events ${request.events.length}`));
        if (response.status?.code === 0) state.events.push(...request.events);
        return response;
      },
    }),
  };
  return state;
}

function nameOf({ actionId }: { readonly actionId?: ActionIdentifier | undefined }): string {
  return `${actionId?.run?.name ?? ""}-${actionId?.name ?? ""}`;
}

/** `attempt PHASE vN` of every event, in the order in which they were taken. */
export function eventLines(events: readonly ActionEvent[]): readonly string[] {
  return events.map(({ attempt, phase, version }) => `${attempt} ${ActionPhase[phase]} v${version}`);
}

export interface MemoryCache {
  readonly rpc: RpcService;
  readonly entries: Map<string, CachedOutput>;
  /** Who may fill an entry; undefined: the service knows no reservations. */
  reservations: Map<string, string> | undefined;
  readonly calls: string[];
  /** Asked before each call; what it throws is the answer. */
  before: (call: string) => void;
}

export function memoryCache(): MemoryCache {
  const entries = new Map<string, CachedOutput>();
  const state: MemoryCache = {
    entries,
    reservations: undefined,
    calls: [],
    before: () => undefined,
    rpc: rpc(CacheService, {
      get: ({ baseRequest }) => {
        state.calls.push("get");
        state.before("get");
        const output = entries.get(baseRequest?.key ?? "");
        if (output === undefined) throw new DataPlaneError("not_found", "get: no such entry");
        return create(GetCacheResponseSchema, { output });
      },
      put: ({ baseRequest }) => {
        state.calls.push("put");
        state.before("put");
        const key = baseRequest?.key ?? "";
        if (entries.has(key) && baseRequest?.overwrite?.overwrite !== true)
          throw new DataPlaneError("already_exists", "put: the entry exists");
        if (baseRequest?.output !== undefined) entries.set(key, baseRequest.output);
        return create(PutCacheResponseSchema);
      },
      getOrExtendReservation: ({ baseRequest }) => {
        state.calls.push("reserve");
        if (state.reservations === undefined) throw new DataPlaneError("unimplemented", "reserve: not offered");
        const { key = "", ownerId = "" } = baseRequest ?? {};
        if (!state.reservations.has(key)) state.reservations.set(key, ownerId);
        return create(GetOrExtendReservationResponseSchema, {
          reservation: { key, ownerId: state.reservations.get(key) ?? "" },
        });
      },
      releaseReservation: ({ baseRequest }) => {
        state.calls.push("release");
        const { key = "", ownerId = "" } = baseRequest ?? {};
        if (state.reservations?.get(key) === ownerId) state.reservations.delete(key);
        return create(ReleaseReservationResponseSchema);
      },
    }),
  };
  return state;
}
