/** Reservations: who may populate an absent entry, kept alive by heartbeats (cache-service.md 2.5). */
import { create } from "@bufbuild/protobuf";
import { type Duration, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Clock } from "@flyte-dataplane/core";
import {
  type GetOrExtendReservationRequest,
  type GetOrExtendReservationResponse,
  GetOrExtendReservationResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import type { CacheServiceConfig } from "./config.ts";
import type { Figures } from "./figures.ts";
import { reservationKey, type Scope } from "./keys.ts";
import type { CacheStore } from "./store/store.ts";

interface Reserving {
  readonly store: CacheStore;
  readonly clock: Clock;
  readonly figures: Figures;
  readonly config: CacheServiceConfig;
}

/**
 * Takes or extends the reservation for the caller. When another holds it the answer is that one's, not an error: callers compare
 * owner ids. The key in the answer is the stored one, the heartbeat is in whole seconds.
 */
export async function getOrExtendReservation(
  { store, clock, figures, config }: Reserving,
  scope: Scope,
  request: GetOrExtendReservationRequest,
  signal: AbortSignal,
): Promise<GetOrExtendReservationResponse> {
  const heartbeatMs = grantedHeartbeat(request.heartbeatInterval, config.maxReservationHeartbeat);
  const now = clock.now();
  const held = await store.acquireReservation(
    {
      key: reservationKey(scope, request.key),
      ownerId: request.ownerId,
      heartbeatSeconds: Math.trunc(heartbeatMs / 1000),
      expiresAt: now + heartbeatMs * config.heartbeatGracePeriodMultiplier,
    },
    now,
    signal,
  );
  figures.reserved(held.ownerId === request.ownerId ? "granted" : "held");
  return create(GetOrExtendReservationResponseSchema, {
    reservation: {
      key: held.key,
      ownerId: held.ownerId,
      heartbeatInterval: { seconds: BigInt(held.heartbeatSeconds), nanos: 0 },
      expiresAt: timestampFromMs(held.expiresAt),
    },
  });
}

/** Whole milliseconds, at least one: the interval asked for if it is positive and below the maximum, else the maximum. */
function grantedHeartbeat(asked: Duration | undefined, maximumMs: number): number {
  const askedMs = asked === undefined ? 0 : Number(asked.seconds) * 1000 + asked.nanos / 1e6;
  return askedMs > 0 && askedMs < maximumMs ? Math.max(1, Math.floor(askedMs)) : maximumMs;
}
