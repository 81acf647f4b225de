import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PodLimits, PodSlots } from "./pod-slots.ts";

const ignore = (): void => undefined;

describe("starts", () => {
  test("no more than the limit are under way at once, at whatever depth", () => {
    const slots = new PodSlots({ starting: 2, running: 10 });
    expect(["a", "b", "c"].map((uid, depth) => slots.ask(uid, depth, ignore))).toEqual([true, true, false]);
  });

  test("a pod that has started lets the next one start while it runs on", () => {
    const slots = new PodSlots({ starting: 1, running: 10 });
    const woken: string[] = [];
    slots.ask("long-running", 0, ignore);
    slots.ask("next", 0, () => woken.push("next"));
    slots.started("long-running");
    expect(woken).toEqual(["next"]);
    expect(slots.ask("next", 0, ignore)).toBe(true);
  });

  test("a pod that ends while it starts gives its start back once", () => {
    const slots = new PodSlots({ starting: 1, running: 10 });
    slots.ask("short", 0, ignore);
    slots.release("short");
    slots.started("short");
    expect(["b", "c"].map((uid) => slots.ask(uid, 0, ignore))).toEqual([true, false]);
  });

  test("a pod that ran before the server did takes none", () => {
    const slots = new PodSlots({ starting: 1, running: 10 });
    slots.hold("adopted", 0);
    expect(slots.ask("new", 0, ignore)).toBe(true);
  });

  test("a newcomer does not overtake one who waits", () => {
    const slots = new PodSlots({ starting: 1, running: 10 });
    slots.ask("first", 0, ignore);
    slots.ask("second", 0, ignore);
    slots.started("first");
    expect(slots.ask("third", 0, ignore)).toBe(false);
    expect(slots.ask("second", 0, ignore)).toBe(true);
  });

  test("a pod that gave up waiting holds nobody up", () => {
    const slots = new PodSlots({ starting: 1, running: 10 });
    slots.ask("first", 0, ignore);
    slots.ask("second", 0, ignore);
    slots.ask("third", 0, ignore);
    slots.release("second");
    slots.started("first");
    expect(slots.ask("third", 0, ignore)).toBe(true);
  });
});

describe("room", () => {
  test("no more pods than the limit run at one depth", () => {
    const slots = new PodSlots({ starting: 9, running: 2 });
    expect(["a", "b", "c"].map((uid) => slots.ask(uid, 0, ignore))).toEqual([true, true, false]);
  });

  test("is found for a child although its parents have taken all of it", () => {
    const slots = new PodSlots({ starting: 9, running: 2 });
    slots.ask("parent-1", 0, ignore);
    slots.ask("parent-2", 0, ignore);
    expect(slots.ask("child", 1, ignore)).toBe(true);
    expect(slots.ask("grandchild", 2, ignore)).toBe(true);
  });

  test("is found for a child although another parent came first and waits for it", () => {
    const slots = new PodSlots({ starting: 9, running: 1 });
    slots.ask("parent", 0, ignore);
    expect(slots.ask("other-parent", 0, ignore)).toBe(false);
    expect(slots.ask("child", 1, ignore)).toBe(true);
  });

  test("is not found for a new parent while as many children as the limit run", () => {
    const slots = new PodSlots({ starting: 9, running: 1 });
    slots.hold("child", 1);
    expect(slots.ask("parent", 0, ignore)).toBe(false);
  });

  test("that a pod has stays its own when it asks again", () => {
    const slots = new PodSlots({ starting: 9, running: 1 });
    slots.hold("a", 0);
    expect(slots.ask("a", 0, ignore)).toBe(true);
  });
});

/** Tasks that run until all their children have ended. Each names its parent by how far back in the list it stands. */
const forests: fc.Arbitrary<readonly Tree[]> = fc
  .array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 40 })
  .map((distances) => {
    const nodes = distances.map((): { readonly children: Tree[] } => ({ children: [] }));
    return nodes.filter((node, index) => {
      const parent = nodes[index - (distances[index] ?? 0)];
      if (parent === undefined || parent === node) return true;
      parent.children.push(node);
      return false;
    });
  });

interface Tree {
  readonly children: readonly Tree[];
}

test("whatever the trees of tasks, the limits and the order of events, every task runs, within the limits and in turn", () => {
  fc.assert(
    fc.property(
      forests,
      fc.record({ starting: fc.integer({ min: 1, max: 4 }), running: fc.integer({ min: 1, max: 4 }) }),
      fc.infiniteStream(fc.nat()),
      (roots, limits, choices) => {
        const machine = new Machine(limits);
        for (const root of roots) machine.create(root, undefined);
        for (const choice of choices) {
          const events = machine.events();
          if (events.length === 0) break;
          events[choice % events.length]?.();
          expect(machine.excess()).toEqual([]);
        }
        expect(machine.unfinished()).toEqual([]);
        expect(machine.overtaken).toEqual([]);
      },
    ),
  );
});

interface Task {
  readonly uid: string;
  readonly depth: number;
  readonly tree: Tree;
  readonly parent: Task | undefined;
  state: "waiting" | "starting" | "running" | "ended";
  /** Children that have not ended; none are made before the start is over. */
  open: number;
}

/** Tasks that start, make their children and end, in any order that the slots allow. */
class Machine {
  readonly #limits: PodLimits;
  readonly #slots: PodSlots;
  readonly #tasks: Task[] = [];
  /** Tasks that waited while one that came later to the same depth started. */
  readonly overtaken: string[] = [];

  constructor(limits: PodLimits) {
    this.#limits = limits;
    this.#slots = new PodSlots(limits);
  }

  create(tree: Tree, parent: Task | undefined): void {
    const depth = parent === undefined ? 0 : parent.depth + 1;
    const task: Task = { uid: `task-${this.#tasks.length}`, depth, tree, parent, state: "waiting", open: 0 };
    this.#tasks.push(task);
    const start = (): void => {
      const first = this.#tasks.find((other) => other.state === "waiting" && other.depth === task.depth);
      if (first !== task) this.overtaken.push(first?.uid ?? "");
      task.state = "starting";
    };
    if (this.#slots.ask(task.uid, depth, start)) start();
  }

  /** What may happen next. */
  events(): readonly (() => void)[] {
    return this.#tasks.flatMap((task) => {
      if (task.state === "starting") return [() => this.#started(task)];
      if (task.state === "running" && task.open === 0) return [() => this.#end(task)];
      return [];
    });
  }

  /** What goes on beyond a limit. */
  excess(): readonly string[] {
    const starting = this.#tasks.filter(({ state }) => state === "starting");
    const underWay = this.#tasks.filter(({ state }) => state === "starting" || state === "running");
    const crowded = underWay.filter(
      ({ depth }) => underWay.filter((other) => other.depth === depth).length > this.#limits.running,
    );
    return [...starting.slice(this.#limits.starting), ...crowded].map(({ uid }) => uid);
  }

  unfinished(): readonly string[] {
    return this.#tasks.filter(({ state }) => state !== "ended").map(({ uid }) => uid);
  }

  #started(task: Task): void {
    task.state = "running";
    task.open = task.tree.children.length;
    this.#slots.started(task.uid);
    for (const child of task.tree.children) this.create(child, task);
  }

  #end(task: Task): void {
    task.state = "ended";
    if (task.parent !== undefined) task.parent.open -= 1;
    this.#slots.release(task.uid);
  }
}
