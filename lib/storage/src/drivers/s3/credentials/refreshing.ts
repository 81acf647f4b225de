import { backoffDelay, type Clock, DataPlaneError, type Logger } from "@flyte-dataplane/core";
import { onAbort, throwIfAborted } from "../../../abortable.ts";
import type { CredentialsProvider, S3Credentials } from "./credentials.ts";

export interface RefreshDeps {
  readonly clock: Clock;
  /** Yields numbers in [0, 1). */
  readonly random: () => number;
  readonly logger?: Logger;
}

const minuteMs = 60_000;
/** Before their end temporary credentials are replaced so early, and up to a minute earlier so that not all pods ask at once. */
const leadMs = 5 * minuteMs;
/** Lasting ones may be rotated by somebody who tells nobody. */
const recheckMs = minuteMs;
const pause = { baseMs: 1000, maxMs: minuteMs };

/**
 * Keeps what `load` yields until it is due again. While credentials are valid everybody gets them at once, a refresh runs
 * behind their backs, and one that fails is tried again with growing pauses. Without valid ones callers wait for the one
 * load under way, and all share its failure; the next call loads again. An abort ends the caller's wait, not the load.
 */
export function refreshing(load: () => Promise<S3Credentials>, deps: RefreshDeps): CredentialsProvider {
  const { clock, random, logger } = deps;
  let held: { readonly credentials: S3Credentials; dueAt: number } | undefined;
  let loading: Promise<S3Credentials> | undefined;
  let failures = 0;

  const refresh = async (): Promise<S3Credentials> => {
    const loaded = await load();
    const now = clock.now();
    if (loaded.expiresAt !== undefined && loaded.expiresAt <= now) {
      throw new DataPlaneError("unavailable", "find S3 credentials: those found have ended already");
    }
    // The same object for the same credentials: what was derived from it stays useful.
    const credentials = held !== undefined && isSame(held.credentials, loaded) ? held.credentials : loaded;
    held = { credentials, dueAt: dueAt(credentials, now, random) };
    failures = 0;
    return credentials;
  };
  const sharedRefresh = (): Promise<S3Credentials> => {
    loading ??= refresh().finally(() => {
      loading = undefined;
    });
    return loading;
  };
  const refreshBehind = async (old: { dueAt: number }): Promise<void> => {
    try {
      await sharedRefresh();
    } catch (error) {
      failures += 1;
      old.dueAt = clock.now() + backoffDelay(pause, failures, random);
      const code = error instanceof DataPlaneError ? error.code : "internal";
      logger?.warn({ code, failures }, "credentials were not refreshed; those at hand stay in use");
    }
  };

  return async ({ signal } = {}) => {
    throwIfAborted(signal);
    const now = clock.now();
    if (held === undefined || !isValid(held.credentials, now)) return await unlessAborted(sharedRefresh(), signal);
    if (now >= held.dueAt && loading === undefined) void refreshBehind(held);
    return held.credentials;
  };
}

/** For a short life, half of what is left: five minutes before the end may be at once. */
function dueAt(credentials: S3Credentials, now: number, random: () => number): number {
  if (credentials.expiresAt === undefined) return now + recheckMs;
  const left = credentials.expiresAt - now;
  return credentials.expiresAt - Math.min(leadMs + minuteMs * random(), left / 2);
}

/** A second more than none: the request has yet to travel. */
function isValid(credentials: S3Credentials, now: number): boolean {
  return credentials.expiresAt === undefined || credentials.expiresAt > now + 1000;
}

function isSame(a: S3Credentials, b: S3Credentials): boolean {
  return (
    a.accessKeyId === b.accessKeyId &&
    a.secretAccessKey === b.secretAccessKey &&
    a.sessionToken === b.sessionToken &&
    a.expiresAt === b.expiresAt
  );
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const aborted = onAbort(signal);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    aborted.dispose();
  }
}
