/**
 * Who watches which parent. Each watcher holds at most one update per action, the latest; a slow reader therefore
 * costs memory bounded by the number of children, and never misses how an action ended.
 */
import type { ActionUpdate } from "@flyte-dataplane/proto/flyteidl2/workflow/state_service";
import { isTerminalPhase } from "../action-phase.ts";

export interface Subscriptions {
  publish(key: string, update: ActionUpdate): void;
  open(key: string): Subscription;
}

export interface Subscription {
  /** Takes out what is pending, oldest action first. */
  readonly take: () => readonly ActionUpdate[];
  /** Resolves as soon as something is pending, or `signal` aborts. */
  readonly pending: (signal: AbortSignal) => Promise<void>;
  close(): void;
}

export function createSubscriptions(): Subscriptions {
  const open = new Map<string, Set<Inbox>>();
  return {
    publish: (key, update) => {
      for (const inbox of open.get(key) ?? []) inbox.put(update);
    },
    open: (key) => {
      const inbox = createInbox();
      const inboxes = open.get(key) ?? new Set();
      inboxes.add(inbox);
      open.set(key, inboxes);
      return {
        take: inbox.take,
        pending: inbox.pending,
        close: () => {
          inboxes.delete(inbox);
          if (inboxes.size === 0 && open.get(key) === inboxes) open.delete(key);
        },
      };
    },
  };
}

interface Inbox {
  put(update: ActionUpdate): void;
  readonly take: () => readonly ActionUpdate[];
  readonly pending: (signal: AbortSignal) => Promise<void>;
}

function createInbox(): Inbox {
  let updates = new Map<string, ActionUpdate>();
  let wake: () => void = () => undefined;
  return {
    put: (update) => {
      const name = update.actionId?.name ?? "";
      const before = updates.get(name);
      // Once an action has ended nothing older may follow.
      if (before !== undefined && isTerminalPhase(before.phase) && !isTerminalPhase(update.phase)) return;
      updates.set(name, update);
      wake();
    },
    take: () => {
      const taken = [...updates.values()];
      updates = new Map();
      return taken;
    },
    pending: async (signal) => {
      if (updates.size > 0 || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          signal.removeEventListener("abort", done);
          wake = () => undefined;
          resolve();
        };
        wake = done;
        signal.addEventListener("abort", done, { once: true });
      });
    },
  };
}
