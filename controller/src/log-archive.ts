/** Keeps the logs of a Pod that is about to be deleted, next to its outputs. Never stands in the way of the outcome. */
import { archivedLogUri, type Clock, type Logger, parseStorageUri } from "@flyte-dataplane/core";
import type { Stores } from "@flyte-dataplane/storage";
import type { Pod } from "./cluster/pod-object.ts";

/** The logs of a Pod's containers as they are now; what is still being written ends where it stands. */
export interface PodLogs {
  /** Every run of every container that ever started. */
  files(pod: Pod): Promise<readonly PodLog[]>;
}

export interface PodLog {
  readonly container: string;
  readonly restart: number;
  /** The last `tailBytes` bytes. */
  read(options: { readonly tailBytes: number; readonly signal: AbortSignal }): AsyncIterable<Uint8Array>;
}

export interface LogArchiveOptions {
  readonly logs: PodLogs;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For all containers of a Pod together. */
  readonly timeoutMs: number;
  /** Of each container. */
  readonly maxBytes: number;
}

export interface LogArchive {
  /** Stores what can be stored in time, and before `signal` aborts, under `prefix`; never rejects. */
  archive(pod: Pod, prefix: string, signal: AbortSignal): Promise<void>;
}

export function createLogArchive(options: LogArchiveOptions): LogArchive {
  const { logs, stores, clock, logger, timeoutMs, maxBytes } = options;

  const keep = async (pod: Pod, log: PodLog, prefix: string, signal: AbortSignal): Promise<void> => {
    const uri = parseStorageUri(archivedLogUri(prefix, pod.metadata.name, log.container, log.restart));
    const bucket = await stores.bucket(uri);
    const body = log.read({ tailBytes: maxBytes, signal });
    await bucket.put(uri.key, body, { contentType: "text/plain; charset=utf-8", signal });
  };

  return {
    archive: async (pod, prefix, signal) => {
      if (signal.aborted) return;
      const limit = new AbortController();
      const stop = (): void => limit.abort(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      const timer = new AbortController();
      clock.sleep(timeoutMs, { signal: timer.signal }).then(
        () => limit.abort(),
        () => undefined,
      );
      const results = await Promise.allSettled(
        (await logs.files(pod).catch(() => [])).map((log) => keep(pod, log, prefix, limit.signal)),
      );
      timer.abort();
      signal.removeEventListener("abort", stop);
      const failed = results.filter((result) => result.status === "rejected");
      if (failed.length > 0)
        logger.warn({ pod: pod.metadata.name, containers: failed.length, err: failed[0]?.reason }, "logs not archived");
    },
  };
}
