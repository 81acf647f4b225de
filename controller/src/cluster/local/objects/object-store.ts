/**
 * The local cluster's objects. A write is decided at once against the newest state, gets the next version, and is
 * acknowledged when the journal has it; readers and watchers see only what is durable, in version order.
 */
import { randomUUID } from "node:crypto";
import { abortError, type Clock, DataPlaneError, type KubernetesObject, type Logger } from "@flyte-dataplane/core";
import type { ClusterCallOptions, DeleteOptions, MergePatch, PatchOptions } from "../../cluster.ts";
import type { ObjectJournal } from "./object-journal.ts";
import { ObjectTable } from "./object-table.ts";
import { created, deleted, isRemovable, patched, type WriteContext } from "./object-writes.ts";
import { deepFreeze, type ObjectChange, type ObjectKind, type StoredObject } from "./stored-object.ts";
import { WatchHistory } from "./watch-history.ts";
import { WriteQueue } from "./write-queue.ts";

export interface ObjectStoreOptions {
  readonly journal: ObjectJournal;
  readonly namespace: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Changes per kind that a watcher may lag behind; default 4,096. */
  readonly historyLimit?: number;
}

const kinds: readonly ObjectKind[] = ["TaskAction", "Pod"];

export class ObjectStore {
  readonly #options: ObjectStoreOptions;
  readonly #queue: WriteQueue;
  readonly #histories: ReadonlyMap<ObjectKind, WatchHistory>;
  /** With every write decided so far. */
  readonly #newest: ObjectTable = new ObjectTable();
  /** With every write that is durable. */
  readonly #durable: ObjectTable = new ObjectTable();
  #lastVersion: number;
  #durableVersion: number;

  /** Reads the journal; objects whose owners vanished while no server ran are deleted. */
  static async open(options: ObjectStoreOptions): Promise<ObjectStore> {
    const { version, objects } = await options.journal.load();
    const store = new ObjectStore(options, version);
    for (const { kind, body } of objects) {
      // The text is what this store wrote.
      const object = deepFreeze(JSON.parse(body) as StoredObject);
      store.#newest.set(kind, object);
      store.#durable.set(kind, object);
    }
    const orphans = store.#newest.orphans().flatMap(({ kind, name }) => store.#requestDeletion(kind, name, {}));
    if (orphans.length > 0) await store.#queue.push(orphans);
    return store;
  }

  private constructor(options: ObjectStoreOptions, version: number) {
    this.#options = options;
    this.#lastVersion = version;
    this.#durableVersion = version;
    this.#histories = new Map(kinds.map((kind) => [kind, new WatchHistory(version, options.historyLimit ?? 4_096)]));
    this.#queue = new WriteQueue({
      journal: options.journal,
      clock: options.clock,
      logger: options.logger,
      committed: (changes) => this.#publish(changes),
    });
  }

  get namespace(): string {
    return this.#options.namespace;
  }

  /** The version of the newest durable change of any kind: where a watch after a list starts. */
  get version(): number {
    return this.#durableVersion;
  }

  get(kind: ObjectKind, name: string): StoredObject | undefined {
    return this.#durable.get(kind, name);
  }

  /** In no particular order. */
  list(kind: ObjectKind): readonly StoredObject[] {
    return this.#durable.list(kind);
  }

  /** The object with that uid among all kinds, were it the newest state. */
  withUid(uid: string): StoredObject | undefined {
    return this.#newest.withUid(uid);
  }

  /** Changes after `version`; as `ResourceClient.watch`. */
  watch(kind: ObjectKind, version: number, signal: AbortSignal | undefined): AsyncIterable<ObjectChange> {
    const history = this.#histories.get(kind);
    if (history === undefined) throw new DataPlaneError("invalid_argument", `watch ${kind}: no such kind`);
    return history.after(version, this.#durableVersion, signal);
  }

  /** As `ResourceClient.create`. */
  async create(kind: ObjectKind, given: KubernetesObject, options: ClusterCallOptions = {}): Promise<StoredObject> {
    const object = created(this.#context(kind), given);
    const { name } = object.metadata;
    if (this.#newest.get(kind, name) !== undefined) {
      throw new DataPlaneError("already_exists", `create ${kind} "${name}": it exists`, { ref: name });
    }
    const change = this.#change("ADDED", kind, object);
    // An owner that is gone already can no longer take this object with it.
    const orphaned = this.#newest.isOrphan(change.object) ? this.#requestDeletion(kind, name, {}) : [];
    await this.#commit([change, ...orphaned], options.signal);
    return change.object;
  }

  /** As `ResourceClient.patch`. */
  async patch(kind: ObjectKind, name: string, patch: MergePatch, options: PatchOptions = {}): Promise<StoredObject> {
    const old = this.#existing(kind, name);
    const next = patched(this.#context(kind), old, patch, options.subresource);
    if (next === old) {
      // Nothing to write, but what the caller sees must be durable: an earlier write may still be on its way.
      await this.#commit([], options.signal);
      return old;
    }
    const changes = this.#replace(kind, next);
    await this.#commit(changes, options.signal);
    return changes[0]?.object ?? old;
  }

  /** As `ResourceClient.delete`. */
  async delete(kind: ObjectKind, name: string, options: DeleteOptions = {}): Promise<void> {
    this.#existing(kind, name);
    await this.#commit(this.#requestDeletion(kind, name, options), options.signal);
  }

  /** The kubelet's word that nothing of a Pod under deletion runs any more: it goes once its finalizers are gone. */
  async confirmStopped(name: string, uid: string, { signal }: ClusterCallOptions = {}): Promise<void> {
    const pod = this.#newest.get("Pod", name);
    if (pod?.metadata.uid !== uid || pod.metadata.deletionTimestamp === undefined) return;
    if (pod.metadata.deletionGracePeriodSeconds === 0) return;
    const metadata = { ...pod.metadata, deletionGracePeriodSeconds: 0 };
    await this.#commit(this.#replace("Pod", { ...pod, metadata }), signal);
  }

  /** Refuses writes and ends watches at once: another may be the writer now. */
  fail(error: DataPlaneError): void {
    this.#queue.fail(error);
    for (const history of this.#histories.values()) history.end();
  }

  /** Waits for writes under way, then ends watches. */
  async close(): Promise<void> {
    await this.#queue.close();
    for (const history of this.#histories.values()) history.end();
  }

  #existing(kind: ObjectKind, name: string): StoredObject {
    const object = this.#newest.get(kind, name);
    if (object !== undefined) return object;
    throw new DataPlaneError("not_found", `find ${kind} "${name}": there is none`, { ref: name });
  }

  #requestDeletion(kind: ObjectKind, name: string, options: DeleteOptions): readonly ObjectChange[] {
    const old = this.#existing(kind, name);
    const next = deleted(this.#context(kind), old, options);
    return next === old ? [] : this.#replace(kind, next);
  }

  /** The change that puts `next` in place of its predecessor, and those that follow when it is thereby removed. */
  #replace(kind: ObjectKind, next: StoredObject): readonly ObjectChange[] {
    if (!isRemovable(next)) return [this.#change("MODIFIED", kind, next)];
    const removal = this.#change("DELETED", kind, next);
    const orphans = this.#newest.orphansOf(next.metadata.uid);
    return [removal, ...orphans.flatMap((orphan) => this.#requestDeletion(orphan.kind, orphan.name, {}))];
  }

  #change(type: ObjectChange["type"], kind: ObjectKind, next: StoredObject): ObjectChange {
    if (this.#queue.failure !== undefined) throw this.#queue.failure;
    this.#lastVersion += 1;
    const version = this.#lastVersion;
    const metadata = { ...next.metadata, resourceVersion: String(version) };
    const change: ObjectChange = { type, kind, version, object: deepFreeze({ ...next, metadata }) };
    this.#newest.apply(change);
    return change;
  }

  async #commit(changes: readonly ObjectChange[], signal: AbortSignal | undefined): Promise<void> {
    if (changes.length === 0 && this.#lastVersion === this.#durableVersion) return;
    const durable = this.#queue.push(changes);
    if (signal === undefined) return durable;
    // The write goes on when its caller leaves, as with any server; only the answer is not waited for.
    let stopWaiting = (): void => undefined;
    const left = new Promise<never>((_, reject) => {
      stopWaiting = () => reject(abortError(signal));
      if (signal.aborted) stopWaiting();
      signal.addEventListener("abort", stopWaiting, { once: true });
    });
    try {
      await Promise.race([durable, left]);
    } finally {
      signal.removeEventListener("abort", stopWaiting);
      durable.catch(() => undefined);
    }
  }

  #publish(changes: readonly ObjectChange[]): void {
    for (const change of changes) {
      this.#durable.apply(change);
      this.#durableVersion = change.version;
      this.#histories.get(change.kind)?.append(change);
    }
  }

  #context(kind: ObjectKind): WriteContext {
    return { kind, namespace: this.#options.namespace, nowMs: this.#options.clock.now(), newUid: randomUUID };
  }
}
