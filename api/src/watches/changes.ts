/**
 * From the database's two notification channels to the watches of this process. A subscription keeps what changed as a
 * set, so that a slow reader costs one entry per action and loses nothing; after a lost connection every subscription
 * is told to read its whole scope again.
 */
import { abortError } from "@flyte-dataplane/core";
import type { Database, Subscription as DatabaseSubscription } from "@flyte-dataplane/runtime/database";
import type { ActionKey, RunKey } from "../identifiers.ts";
import { actionChannel, runChannel } from "../runs/announce.ts";

export interface ChangeBatch<K> {
  readonly changed: readonly K[];
  /** Notifications may be missing: read everything again. */
  readonly everything: boolean;
}

export interface ChangeSubscription<K> {
  /**
   * Resolves with what changed since the last call, at once if something did. Rejects once `signal` aborts; resolves
   * with an empty batch when `deadline` does.
   */
  next(signal: AbortSignal, deadline?: AbortSignal): Promise<ChangeBatch<K>>;
  close(): void;
}

export interface Changes {
  /** Actions of one run. Resolves when the subscription is in place: read only then. */
  actionsOf(run: RunKey): Promise<ChangeSubscription<ActionKey>>;
  /** Runs that `matches` accepts. */
  runs(matches: (run: RunKey) => boolean): Promise<ChangeSubscription<RunKey>>;
  /** Open subscriptions. */
  readonly size: number;
  close(): Promise<void>;
}

/** `counted` is told of every change of `size`. */
export function createChanges(database: Database, counted: (size: number) => void = () => undefined): Changes {
  const resized = () => counted(runs.size + actions.size);
  const runs = createChannel<RunKey>({ database, name: runChannel, parse: parseRun, resized });
  const actions = createChannel<ActionKey>({ database, name: actionChannel, parse: parseAction, resized });
  return {
    actionsOf: (run) =>
      actions.subscribe(
        (key) => key.runName === run.runName && key.project === run.project && key.domain === run.domain,
      ),
    runs: (matches) => runs.subscribe(matches),
    get size() {
      return runs.size + actions.size;
    },
    close: async () => {
      await Promise.all([runs.close(), actions.close()]);
    },
  };
}

interface Channel<K> {
  subscribe(matches: (key: K) => boolean): Promise<ChangeSubscription<K>>;
  readonly size: number;
  close(): Promise<void>;
}

interface ChannelOptions<K> {
  readonly database: Database;
  readonly name: string;
  readonly parse: (payload: string) => K | undefined;
  readonly resized: () => void;
}

function createChannel<K>({ database, name, parse, resized }: ChannelOptions<K>): Channel<K> {
  const watchers = new Set<Watcher<K>>();
  let listening: Promise<DatabaseSubscription> | undefined;

  // One LISTEN for all watches, begun with the first; a failed one is tried again by the next.
  function listen(): Promise<DatabaseSubscription> {
    listening ??= database
      .listen(name, {
        notified: (payload) => {
          const key = parse(payload);
          if (key === undefined) return;
          for (const watcher of watchers) watcher.notified(payload, key);
        },
        missed: () => {
          for (const watcher of watchers) watcher.missed();
        },
      })
      .catch((error: unknown) => {
        listening = undefined;
        throw error;
      });
    return listening;
  }

  return {
    subscribe: async (matches) => {
      await listen();
      const watcher = createWatcher<K>(matches, () => {
        watchers.delete(watcher);
        resized();
      });
      watchers.add(watcher);
      resized();
      return watcher;
    },
    get size() {
      return watchers.size;
    },
    close: async () => {
      const current = listening;
      listening = undefined;
      (await current)?.close();
    },
  };
}

interface Watcher<K> extends ChangeSubscription<K> {
  notified(payload: string, key: K): void;
  missed(): void;
}

function createWatcher<K>(matches: (key: K) => boolean, onClose: () => void): Watcher<K> {
  let pending = new Map<string, K>();
  let everything = false;
  let wake: (() => void) | undefined;

  function take(): ChangeBatch<K> {
    const batch = { changed: [...pending.values()], everything };
    pending = new Map();
    everything = false;
    return batch;
  }

  return {
    notified: (payload, key) => {
      if (!matches(key)) return;
      pending.set(payload, key);
      wake?.();
    },
    missed: () => {
      everything = true;
      wake?.();
    },
    next: async (signal, deadline) => {
      if (pending.size === 0 && !everything && deadline?.aborted !== true && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = () => {
            wake = undefined;
            signal.removeEventListener("abort", done);
            deadline?.removeEventListener("abort", done);
            resolve();
          };
          wake = done;
          signal.addEventListener("abort", done, { once: true });
          deadline?.addEventListener("abort", done, { once: true });
        });
      }
      if (signal.aborted) throw abortError(signal);
      return take();
    },
    close: onClose,
  };
}

function parseRun(payload: string): RunKey | undefined {
  const [project, domain, runName, ...rest] = payload.split("/");
  if (project === undefined || domain === undefined || runName === undefined || rest.length > 0) return undefined;
  return { project, domain, runName };
}

function parseAction(payload: string): ActionKey | undefined {
  const [project, domain, runName, name, ...rest] = payload.split("/");
  if (project === undefined || domain === undefined || runName === undefined || name === undefined) return undefined;
  return rest.length > 0 ? undefined : { project, domain, runName, name };
}
