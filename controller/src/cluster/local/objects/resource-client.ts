import { DataPlaneError, type KubernetesObject } from "@flyte-dataplane/core";
import type { ListOptions, ResourceClient, WatchEvent } from "../../cluster.ts";
import type { ObjectStore } from "./object-store.ts";
import type { ObjectKind, StoredObject } from "./stored-object.ts";

/** One kind of the store as the controller's port shows it. `kind` is the kind that `T` describes. */
export function resourceClient<T extends KubernetesObject>(store: ObjectStore, kind: ObjectKind): ResourceClient<T> {
  // Admission let in only objects of this kind, so this is where stored JSON becomes `T`.
  const typed = (object: StoredObject): T => object as unknown as T;
  return {
    async get(name) {
      const object = store.get(kind, name);
      if (object === undefined)
        throw new DataPlaneError("not_found", `get ${kind} "${name}": there is none`, { ref: name });
      return typed(object);
    },
    async list(options = {}) {
      const items = store.list(kind).filter((object) => carries(object, options));
      return { items: items.map(typed), resourceVersion: String(store.version) };
    },
    async *watch(resourceVersion, options = {}): AsyncGenerator<WatchEvent<T>, void> {
      for await (const { type, object } of store.watch(kind, parseVersion(resourceVersion), options.signal)) {
        yield { type, object: typed(object) };
      }
    },
    create: async (object, options) => typed(await store.create(kind, object, options)),
    patch: async (name, patch, options) => typed(await store.patch(kind, name, patch, options)),
    delete: (name, options) => store.delete(kind, name, options),
  };
}

function carries(object: StoredObject, { labels = {} }: ListOptions): boolean {
  return Object.entries(labels).every(([key, value]) => object.metadata.labels?.[key] === value);
}

function parseVersion(text: string): number {
  const version = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(version)) return version;
  throw new DataPlaneError("invalid_argument", `watch from "${text.slice(0, 40)}": that is not a resource version`);
}
