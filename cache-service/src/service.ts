import { create } from "@bufbuild/protobuf";
import type { Clock, Metrics } from "@flyte-dataplane/core";
import {
  DeleteCacheResponseSchema,
  PutCacheResponseSchema,
  ReleaseReservationResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/v2/cacheservice";
import { type RpcService, rpc, type Service } from "@flyte-dataplane/runtime/server";
import { deleteOutput, getOutput, putOutput } from "./cache.ts";
import { type CacheServiceConfig, effective } from "./config.ts";
import { createFigures } from "./figures.ts";
import { reservationKey } from "./keys.ts";
import { batchedLookup } from "./lookup.ts";
import { requireOwner, unwrap } from "./request.ts";
import { getOrExtendReservation } from "./reservation.ts";
import type { CacheStore } from "./store/store.ts";

export interface CacheServiceOptions {
  readonly config: CacheServiceConfig;
  readonly store: CacheStore;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** The cache service: `flyteidl2.cacheservice.v2`. Version 1 of the service is not mounted, as in the reference. */
export function createCacheService(options: CacheServiceOptions): Service {
  // A question for no key costs as little as one can, and still needs the table.
  const check = async (signal: AbortSignal): Promise<void> => void (await options.store.outputs([], signal));
  return { name: "cache-service", rpc: [cacheRpc(options)], health: [{ name: "cache database", check }] };
}

function cacheRpc(options: CacheServiceOptions): RpcService {
  const { store, clock } = options;
  const figures = createFigures(options.metrics, clock);
  const config = effective(options.config);
  const lookup = batchedLookup(store);
  return rpc(CacheService, {
    get: (request, { signal }) => {
      const { base, scope } = unwrap("get", request);
      return getOutput(lookup, figures, scope, base.key, signal);
    },
    put: async (request, { signal }) => {
      const { base, scope } = unwrap("put", request);
      await putOutput({ store, clock, figures }, scope, base, signal);
      return create(PutCacheResponseSchema);
    },
    delete: async (request, { signal }) => {
      const { base, scope } = unwrap("delete", request);
      await deleteOutput(store, scope, base, signal);
      return create(DeleteCacheResponseSchema);
    },
    getOrExtendReservation: (request, { signal }) => {
      const { base, scope } = unwrap("reserve", request);
      requireOwner("reserve", base.ownerId);
      return getOrExtendReservation({ store, clock, figures, config }, scope, base, signal);
    },
    releaseReservation: async (request, { signal }) => {
      const { base, scope } = unwrap("release", request);
      requireOwner("release", base.ownerId);
      await store.releaseReservation(reservationKey(scope, base.key), base.ownerId, signal);
      return create(ReleaseReservationResponseSchema);
    },
  });
}
