/** Keys with a due time, the earliest first: a binary heap whose superseded entries are skipped when they surface. */
export interface Delays {
  readonly size: number;
  /** The next due time in milliseconds since the epoch, if any key waits. */
  readonly earliest: number | undefined;
  /** Sets the key's due time; a later one than it has is ignored. */
  put(key: string, dueMs: number): void;
  remove(key: string): void;
  /** Takes out every key due at `nowMs`. */
  due(nowMs: number): string[];
}

interface Entry {
  readonly key: string;
  readonly dueMs: number;
}

export function createDelays(): Delays {
  const current = new Map<string, number>();
  const heap: Entry[] = [];

  const top = (): Entry | undefined => {
    for (let first = heap[0]; first !== undefined; first = heap[0]) {
      if (current.get(first.key) === first.dueMs) return first;
      pop(heap);
    }
    return undefined;
  };

  return {
    get size() {
      return current.size;
    },
    get earliest() {
      return top()?.dueMs;
    },
    put: (key, dueMs) => {
      if ((current.get(key) ?? Number.POSITIVE_INFINITY) <= dueMs) return;
      current.set(key, dueMs);
      push(heap, { key, dueMs });
    },
    remove: (key) => {
      current.delete(key);
    },
    due: (nowMs) => {
      const keys: string[] = [];
      for (let first = top(); first !== undefined && first.dueMs <= nowMs; first = top()) {
        pop(heap);
        current.delete(first.key);
        keys.push(first.key);
      }
      return keys;
    },
  };
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || parent.dueMs <= entry.dueMs) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = at * 2 + 1;
    const leftEntry = heap[left];
    if (leftEntry === undefined) break;
    const rightEntry = heap[left + 1];
    const [childAt, child] =
      rightEntry !== undefined && rightEntry.dueMs < leftEntry.dueMs ? [left + 1, rightEntry] : [left, leftEntry];
    if (child.dueMs >= last.dueMs) break;
    heap[at] = child;
    at = childAt;
  }
  heap[at] = last;
}
