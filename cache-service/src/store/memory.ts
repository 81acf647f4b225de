import type { CacheStore, StoredOutput, StoredReservation } from "./store.ts";

/** A store that lives and dies with the process; JavaScript's run-to-completion makes each call atomic. */
export function memoryStore(): CacheStore {
  const outputs = new Map<string, StoredOutput>();
  const reservations = new Map<string, StoredReservation>();
  return {
    outputs: async (keys) => {
      const found = new Map<string, StoredOutput>();
      for (const key of keys) {
        const output = outputs.get(key);
        if (output !== undefined) found.set(key, output);
      }
      return found;
    },
    replaceOutput: async (key, decide) => {
      const write = decide(outputs.get(key));
      if (write !== undefined) outputs.set(key, write);
      return write !== undefined;
    },
    deleteOutput: async (key) => outputs.delete(key),
    acquireReservation: async (wanted, now) => {
      const held = reservations.get(wanted.key);
      if (held !== undefined && held.ownerId !== wanted.ownerId && held.expiresAt > now) return held;
      reservations.set(wanted.key, wanted);
      return wanted;
    },
    releaseReservation: async (key, ownerId) => {
      if (reservations.get(key)?.ownerId === ownerId) reservations.delete(key);
    },
  };
}
