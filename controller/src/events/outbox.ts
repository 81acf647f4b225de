/**
 * Events on their way to the events service, in order: one call is under way at a time, so that no event of an action
 * overtakes an earlier one. A batch closes when it is full, its first event has waited long enough, or a pass waits for
 * one of its events; then only what comes during a call under way is gathered.
 */
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { backoffDelay, type Clock, type Logger, type Metrics } from "@flyte-dataplane/core";
import type { EventsProxyService } from "@flyte-dataplane/proto/flyteidl2/workflow/events_proxy_service";
import type { ActionEvent } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import type { EventsConfig } from "../config.ts";

export interface EventOutbox {
  /**
   * Queues `event`; one with the same key that waits already, or lately went out, stands for it. Nobody gains by holding
   * back an event that is `awaited`: it goes with the next call.
   */
  offer(event: ActionEvent, options?: { readonly awaited?: boolean }): Ticket;
  /** Delivers until `signal` aborts; then makes one last try for all that waits, for as long as one call may take. */
  run(signal: AbortSignal): Promise<void>;
  readonly depth: number;
}

export interface Ticket {
  /** Resolves once the service took the event, or refused it for good. Never rejects. */
  readonly settled: Promise<void>;
  /** Milliseconds since the epoch: when it was first offered. */
  readonly offeredMs: number;
}

export interface OutboxOptions {
  readonly events: Client<typeof EventsProxyService>;
  readonly config: EventsConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface Waiting extends Ticket {
  readonly key: string;
  readonly event: ActionEvent;
  awaited: boolean;
  readonly settle: () => void;
}

const maxRemembered = 5_000;
const retry = { baseMs: 100, maxMs: 10_000 };

export function createEventOutbox(options: OutboxOptions): EventOutbox {
  const { events, config, clock, logger, metrics } = options;
  const queue: Waiting[] = [];
  const byKey = new Map<string, Waiting>();
  /** The latest that went out: a look that could not wait for its event comes back and offers it again. */
  const delivered = new Map<string, Ticket>();
  const dropped = metrics.counter({
    name: "controller_events_dropped_total",
    help: "Events that the events service refused for good.",
  });
  const depth = metrics.gauge({ name: "controller_events_queued", help: "Events that wait for delivery." });
  let wake: AbortController | undefined;

  const settle = (items: readonly Waiting[]): void => {
    for (const { key, settled, offeredMs, settle: done } of items) {
      byKey.delete(key);
      done();
      delivered.set(key, { settled, offeredMs });
    }
    for (const key of delivered.keys()) {
      if (delivered.size <= maxRemembered) break;
      delivered.delete(key);
    }
  };

  /** Delivers `batch`, in parts if the service refuses it as a whole. Rejects when the service cannot be reached. */
  const deliver = async (batch: readonly Waiting[], signal: AbortSignal): Promise<void> => {
    try {
      await events.record({ events: batch.map(({ event }) => event) }, { timeoutMs: config.timeout, signal });
      settle(batch);
    } catch (error) {
      const { code, rawMessage } = ConnectError.from(error);
      const poisoned = code === Code.InvalidArgument || code === Code.ResourceExhausted;
      if (!poisoned) throw error;
      if (batch.length === 1) {
        dropped.add(1);
        logger.error({ events: batch.map(({ key }) => key), reason: rawMessage }, "event refused for good");
        settle(batch);
        return;
      }
      const middle = Math.ceil(batch.length / 2);
      await deliver(batch.slice(0, middle), signal);
      await deliver(batch.slice(middle), signal);
    }
  };

  const pause = async (ms: number | undefined): Promise<void> => {
    const woken = new AbortController();
    wake = woken;
    if (ms !== undefined) await clock.sleep(ms, { signal: woken.signal }).catch(() => undefined);
    else await new Promise<void>((resolve) => woken.signal.addEventListener("abort", () => resolve(), { once: true }));
  };

  const drain = async (signal: AbortSignal): Promise<void> => {
    const batch = queue.slice(0, config.maxBatch);
    try {
      await deliver(batch, signal);
    } finally {
      // Parts of a batch may have been settled before a later part failed.
      queue.splice(0, queue.length, ...queue.filter(({ key }) => byKey.has(key)));
      depth.set(queue.length);
    }
  };

  return {
    get depth() {
      return queue.length;
    },
    offer: (event, { awaited = false } = {}) => {
      const key = keyOf(event);
      const waiting = byKey.get(key);
      if (waiting !== undefined && awaited && !waiting.awaited) {
        waiting.awaited = true;
        wake?.abort();
      }
      const known = waiting ?? delivered.get(key);
      if (known !== undefined) return known;
      let done: () => void = () => undefined;
      const settled = new Promise<void>((resolve) => {
        done = resolve;
      });
      const item: Waiting = { key, event, awaited, settled, settle: done, offeredMs: clock.now() };
      byKey.set(key, item);
      queue.push(item);
      if (awaited || queue.length === 1 || queue.length >= config.maxBatch) wake?.abort();
      return item;
    },
    run: async (signal) => {
      signal.addEventListener("abort", () => wake?.abort(), { once: true });
      let failures = 0;
      while (!signal.aborted) {
        const first = queue[0];
        if (first === undefined) {
          await pause(undefined);
          continue;
        }
        const waitMs = first.offeredMs + config.maxDelay - clock.now();
        const urgent = queue.length >= config.maxBatch || queue.some(({ awaited }) => awaited);
        if (!urgent && waitMs > 0 && failures === 0) {
          await pause(waitMs);
          continue;
        }
        try {
          await drain(signal);
          failures = 0;
        } catch (error) {
          if (signal.aborted) break;
          failures += 1;
          logger.warn(
            { code: Code[ConnectError.from(error).code], failures, queued: queue.length },
            "events not delivered, trying again",
          );
          await clock.sleep(backoffDelay(retry, failures, Math.random), { signal }).catch(() => undefined);
        }
      }
      const limit = AbortSignal.timeout(config.timeout);
      try {
        while (queue.length > 0) await drain(limit);
      } catch {
        logger.warn({ queued: queue.length }, "events left undelivered at shutdown");
      }
    },
  };
}

/** What makes two events the same to the run service. */
function keyOf({ id, attempt, phase, version }: ActionEvent): string {
  const run = id?.run;
  return [run?.project, run?.domain, run?.name, id?.name, attempt, phase, version].join("/");
}
