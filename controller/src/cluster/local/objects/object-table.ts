import type { ObjectChange, ObjectKind, StoredObject } from "./stored-object.ts";

interface Place {
  readonly kind: ObjectKind;
  readonly name: string;
}

/** Objects by kind and name, by uid, and by the uid of their owners. */
export class ObjectTable {
  readonly #kinds: ReadonlyMap<ObjectKind, Map<string, StoredObject>> = new Map([
    ["TaskAction", new Map()],
    ["Pod", new Map()],
  ]);
  readonly #byUid = new Map<string, StoredObject>();
  readonly #ownedBy = new Map<string, Map<string, Place>>();

  get(kind: ObjectKind, name: string): StoredObject | undefined {
    return this.#kinds.get(kind)?.get(name);
  }

  list(kind: ObjectKind): readonly StoredObject[] {
    return [...(this.#kinds.get(kind)?.values() ?? [])];
  }

  withUid(uid: string): StoredObject | undefined {
    return this.#byUid.get(uid);
  }

  apply(change: ObjectChange): void {
    if (change.type === "DELETED") this.#remove(change.kind, change.object.metadata.name);
    else this.set(change.kind, change.object);
  }

  set(kind: ObjectKind, object: StoredObject): void {
    const { name, uid, ownerReferences } = object.metadata;
    this.#remove(kind, name);
    this.#kinds.get(kind)?.set(name, object);
    this.#byUid.set(uid, object);
    for (const owner of ownerReferences ?? []) {
      const owned = this.#ownedBy.get(owner.uid) ?? new Map<string, Place>();
      owned.set(uid, { kind, name });
      this.#ownedBy.set(owner.uid, owned);
    }
  }

  /** True for an object that had owners and has none left. */
  isOrphan({ metadata: { ownerReferences = [] } }: StoredObject): boolean {
    return ownerReferences.length > 0 && !ownerReferences.some((owner) => this.#byUid.has(owner.uid));
  }

  /** Those of the objects `uid` owned that are orphans now. */
  orphansOf(uid: string): readonly Place[] {
    const owned = [...(this.#ownedBy.get(uid)?.values() ?? [])];
    return owned.filter(({ kind, name }) => {
      const object = this.get(kind, name);
      return object !== undefined && this.isOrphan(object);
    });
  }

  orphans(): readonly Place[] {
    return [...this.#ownedBy.keys()].filter((uid) => !this.#byUid.has(uid)).flatMap((uid) => this.orphansOf(uid));
  }

  #remove(kind: ObjectKind, name: string): void {
    const old = this.get(kind, name);
    if (old === undefined) return;
    this.#kinds.get(kind)?.delete(name);
    this.#byUid.delete(old.metadata.uid);
    for (const owner of old.metadata.ownerReferences ?? []) {
      const owned = this.#ownedBy.get(owner.uid);
      owned?.delete(old.metadata.uid);
      if (owned?.size === 0) this.#ownedBy.delete(owner.uid);
    }
  }
}
