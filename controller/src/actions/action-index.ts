/** Actions by run and by parent, kept from the informer: snapshots and cascades need no call to the cluster. */
import type { TaskAction } from "@flyte-dataplane/core";
import type { Informer } from "../informer.ts";
import type { ActionName } from "./action-name.ts";

export interface ActionIndex {
  /** Direct children of the action. */
  children(name: ActionName): readonly TaskAction[];
  /** Everything below the action, nearest first. */
  descendants(name: ActionName): readonly TaskAction[];
  /** The same, of a resource. */
  descendantsOf(action: TaskAction): readonly TaskAction[];
}

export function createActionIndex(actions: Informer<TaskAction>): ActionIndex {
  const byParent = new Map<string, Set<string>>();
  actions.subscribe(({ type, object }) => {
    const key = parentKey(object);
    if (key === undefined) return;
    const names = byParent.get(key) ?? new Set();
    if (type === "deleted") names.delete(object.metadata.name);
    else names.add(object.metadata.name);
    if (names.size === 0) byParent.delete(key);
    else byParent.set(key, names);
  });

  const below = (key: string): readonly TaskAction[] => {
    const found = [...(byParent.get(key) ?? [])].map((name) => actions.get(name));
    return found.filter((action): action is TaskAction => action !== undefined && parentKey(action) === key);
  };
  const allBelow = (key: string): readonly TaskAction[] => {
    const found: TaskAction[] = [];
    const keys = [key];
    for (let next = keys.shift(); next !== undefined; next = keys.shift()) {
      const level = below(next);
      found.push(...level);
      keys.push(...level.map(ownKey));
    }
    return found;
  };

  return {
    children: (name) => below(nameKey(name)),
    descendants: (name) => allBelow(nameKey(name)),
    descendantsOf: (action) => allBelow(ownKey(action)),
  };
}

/** Under which updates of an action's children are published. */
export function nameKey({ project, domain, run, action }: ActionName): string {
  return [project, domain, run, action].join("/");
}

export function ownKey({ spec }: TaskAction): string {
  return [spec.project, spec.domain, spec.runName, spec.actionName].join("/");
}

/** Undefined for a root. */
export function parentKey({ spec }: TaskAction): string | undefined {
  return spec.parentActionName === undefined
    ? undefined
    : [spec.project, spec.domain, spec.runName, spec.parentActionName].join("/");
}
