/**
 * A local copy of one kind of object, kept by list and watch. Our own writes go through it, so that a pass never
 * decides on a state older than the one it made: until the watch has shown the version that a write returned, older
 * events for that object are skipped, and when it shows it nobody is told again.
 */
import { backoffDelay, type Clock, errorCode, type KubernetesObject, type Logger } from "@flyte-dataplane/core";
import type { ResourceClient, WatchEvent } from "./cluster/cluster.ts";
import { settled } from "./settled.ts";

export interface Change<T> {
  readonly type: "added" | "modified" | "deleted";
  readonly object: T;
  /** What was known before, if anything. */
  readonly previous?: T;
  /** This process wrote it. */
  readonly own: boolean;
}

export interface Informer<T> {
  get(name: string): T | undefined;
  all(): IterableIterator<T>;
  /** Resolves once the first list is in; rejects with `signal`'s reason when that aborts. */
  synced(signal: AbortSignal): Promise<void>;
  readonly isSynced: boolean;
  /** Calls back for every change, in order, also for those that a new list revealed. Returns the way out. */
  subscribe(listener: (change: Change<T>) => void): () => void;
  /** Makes a write to `name` and takes in what it returns. Writes to one name run one after the other. */
  write(name: string, call: () => Promise<T>): Promise<T>;
  /** Lists and watches until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface InformerOptions<T extends KubernetesObject> {
  readonly client: ResourceClient<T>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Objects without these labels are not kept. */
  readonly labels?: Readonly<Record<string, string>>;
}

const reconnect = { baseMs: 500, maxMs: 30_000 };

export function createInformer<T extends KubernetesObject>(options: InformerOptions<T>): Informer<T> {
  const { client, clock, logger, labels } = options;
  const store = new Map<string, T>();
  /** Version of our last write that the watch has not shown yet; events before it are older. */
  const floors = new Map<string, string | undefined>();
  /** Writes under way, with the events that came in meanwhile. */
  const writing = new Map<string, WatchEvent<T>[]>();
  const lastWrite = new Map<string, Promise<unknown>>();
  /** Names written since the list under way began: it may be older than they are. */
  let writtenSinceList = new Set<string>();
  const listeners = new Set<(change: Change<T>) => void>();
  let isSynced = false;
  let announce: () => void = () => undefined;
  const firstList = new Promise<void>((resolve) => {
    announce = resolve;
  });

  const tell = (change: Change<T>): void => {
    for (const listener of listeners) listener(change);
  };

  const put = (object: T, own: boolean): void => {
    const previous = store.get(object.metadata.name);
    if (previous !== undefined && versionOf(previous) === versionOf(object)) return;
    store.set(object.metadata.name, object);
    tell(previous === undefined ? { type: "added", object, own } : { type: "modified", object, previous, own });
  };

  const drop = (object: T): void => {
    const previous = store.get(object.metadata.name);
    // A successor of the same name may be known already from our own create.
    if (previous === undefined || previous.metadata.uid !== object.metadata.uid) return;
    store.delete(object.metadata.name);
    floors.delete(object.metadata.name);
    tell({ type: "deleted", object, previous, own: false });
  };

  const matches = (object: T): boolean =>
    Object.entries(labels ?? {}).every(([key, value]) => object.metadata.labels?.[key] === value);

  const apply = (event: WatchEvent<T>): void => {
    const { name, resourceVersion } = event.object.metadata;
    const held = writing.get(name);
    if (held !== undefined) held.push(event);
    else if (event.type === "DELETED") drop(event.object);
    else if (!matches(event.object)) return;
    else if (!floors.has(name)) put(event.object, false);
    else if (floors.get(name) === resourceVersion) floors.delete(name);
  };

  const takeIn = (object: T, held: readonly WatchEvent<T>[]): void => {
    const known = store.get(object.metadata.name);
    const shownAt = held.findIndex((event) => versionOf(event.object) === versionOf(object));
    // A write that changed nothing returns a version that the watch has shown long ago.
    const shown = shownAt !== -1 || (known !== undefined && versionOf(known) === versionOf(object));
    put(object, true);
    if (!shown) floors.set(object.metadata.name, object.metadata.resourceVersion);
    const older = shown ? Math.max(0, shownAt) : held.length;
    for (const event of held.filter(({ type }, at) => at >= older || type === "DELETED")) apply(event);
  };

  /** A list that began before a write of ours returned may or may not know it; a live read settles where the watch stands. */
  const settleAfterList = async (name: string, listed: T | undefined, signal: AbortSignal): Promise<void> => {
    await lastWrite.get(name)?.catch(() => undefined);
    try {
      const live = await client.get(name, { signal });
      floors.delete(name);
      put(live, false);
      if (listed === undefined || versionOf(listed) !== versionOf(live))
        floors.set(name, live.metadata.resourceVersion);
    } catch (error) {
      if (errorCode(error) !== "not_found") throw error;
      const known = store.get(name);
      if (known !== undefined) drop(known);
    }
  };

  const relist = async (signal: AbortSignal): Promise<string> => {
    writtenSinceList = new Set(writing.keys());
    const { items, resourceVersion } = await client.list({ signal, ...(labels === undefined ? {} : { labels }) });
    const listed = new Map(items.map((object) => [object.metadata.name, object]));
    const unsure = writtenSinceList;
    for (const [name, object] of listed) {
      if (unsure.has(name)) continue;
      floors.delete(name);
      const known = store.get(name);
      if (known !== undefined && known.metadata.uid !== object.metadata.uid) drop(known);
      put(object, false);
    }
    for (const [name, object] of store) if (!listed.has(name) && !unsure.has(name)) drop(object);
    for (const name of unsure) await settleAfterList(name, listed.get(name), signal);
    isSynced = true;
    announce();
    return resourceVersion;
  };

  const write = async (name: string, call: () => Promise<T>): Promise<T> => {
    const held: WatchEvent<T>[] = [];
    writing.set(name, held);
    writtenSinceList.add(name);
    try {
      const object = await call();
      writing.delete(name);
      takeIn(object, held);
      return object;
    } catch (error) {
      writing.delete(name);
      for (const event of held) apply(event);
      throw error;
    }
  };

  const watch = async (from: string, signal: AbortSignal, onProgress: (version: string) => void): Promise<void> => {
    for await (const event of client.watch(from, { signal })) {
      apply(event);
      onProgress(event.object.metadata.resourceVersion ?? from);
    }
  };

  return {
    get: (name) => store.get(name),
    all: () => store.values(),
    get isSynced() {
      return isSynced;
    },
    synced: (signal) => settled(firstList, signal),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    write: (name, call) => {
      const turn = (lastWrite.get(name) ?? Promise.resolve()).then(
        () => write(name, call),
        () => write(name, call),
      );
      lastWrite.set(name, turn);
      const leave = (): void => {
        if (lastWrite.get(name) === turn) lastWrite.delete(name);
      };
      turn.then(leave, leave);
      return turn;
    },
    run: async (signal) => {
      let version: string | undefined;
      let failures = 0;
      while (!signal.aborted) {
        try {
          version ??= await relist(signal);
          await watch(version, signal, (seen) => {
            version = seen;
            failures = 0;
          });
          // A server may end a watch at any time, but one that ends at once must not be asked in a hot loop.
          await clock.sleep(10, { signal }).catch(() => undefined);
        } catch (error) {
          if (signal.aborted) return;
          const code = errorCode(error);
          // Too old to resume from: only a new list can tell what was missed.
          if (code === "out_of_range") version = undefined;
          failures += 1;
          logger.warn({ code, failures, err: error }, "watch interrupted");
          await clock
            .sleep(code === "out_of_range" && failures === 1 ? 0 : backoffDelay(reconnect, failures, Math.random), {
              signal,
            })
            .catch(() => undefined);
        }
      }
    },
  };
}

function versionOf(object: KubernetesObject): string {
  return `${object.metadata.uid ?? ""}/${object.metadata.resourceVersion ?? ""}`;
}
