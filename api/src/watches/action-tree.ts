/**
 * The actions of one run as a tree that a viewer sees part of: what matches its filter, and the way from there to the
 * root. Pure: rows go in, the nodes whose shown state changed come out. A node whose parent is not known yet waits.
 */

export interface TreeRow {
  readonly name: string;
  readonly parentActionName: string | null;
  readonly phase: number;
  readonly createdAt: bigint;
}

export interface ShownNode<R> {
  readonly row: R;
  /** Whether the node is to be seen, for itself or for a descendant. */
  readonly visible: boolean;
  /** Descendants by phase; a phase seen once stays, if only with 0. */
  readonly childrenPhaseCounts: ReadonlyMap<number, number>;
}

interface Node<R> {
  row: R;
  matches: boolean;
  /** Descendants that match. */
  matchesBelow: number;
  parent: Node<R> | undefined;
  readonly counts: Map<number, number>;
  /** Where it stands in a message: by creation, but never before its parent, which clocks may say was later. */
  readonly order: bigint;
  /** Whether the viewer was told that it is visible. */
  shown: boolean;
}

export interface ActionTree<R extends TreeRow> {
  /** Takes in new or changed rows. */
  upsert(rows: readonly R[]): void;
  /** Nodes to tell the viewer of since the last call, by creation; one that is no longer visible comes once more. */
  changes(): readonly ShownNode<R>[];
}

export function createActionTree<R extends TreeRow>(matches: (row: R) => boolean): ActionTree<R> {
  const nodes = new Map<string, Node<R>>();
  // By the parent that is missing.
  const orphans = new Map<string, Map<string, R>>();
  const dirty = new Set<Node<R>>();

  function put(row: R): void {
    const node = nodes.get(row.name);
    if (node === undefined) insert(row);
    else update(node, row);
  }

  function insert(row: R): void {
    const parentName = row.parentActionName;
    const parent = parentName === null ? undefined : nodes.get(parentName);
    if (parentName !== null && parent === undefined) {
      const siblings = orphans.get(parentName) ?? new Map<string, R>();
      orphans.set(parentName, siblings.set(row.name, row));
      return;
    }
    const node: Node<R> = {
      row,
      matches: matches(row),
      matchesBelow: 0,
      parent,
      counts: new Map(),
      order: parent !== undefined && parent.order > row.createdAt ? parent.order : row.createdAt,
      shown: false,
    };
    nodes.set(row.name, node);
    dirty.add(node);
    for (const ancestor of ancestorsOf(node)) {
      add(ancestor.counts, row.phase, 1);
      ancestor.matchesBelow += node.matches ? 1 : 0;
      dirty.add(ancestor);
    }
    const children = orphans.get(row.name);
    orphans.delete(row.name);
    for (const child of children?.values() ?? []) insert(child);
  }

  function update(node: Node<R>, row: R): void {
    const matched = node.matches;
    const { phase } = node.row;
    node.row = row;
    node.matches = matches(row);
    dirty.add(node);
    const gained = Number(node.matches) - Number(matched);
    if (phase === row.phase && gained === 0) return;
    for (const ancestor of ancestorsOf(node)) {
      if (phase !== row.phase) {
        add(ancestor.counts, phase, -1);
        add(ancestor.counts, row.phase, 1);
      }
      ancestor.matchesBelow += gained;
      dirty.add(ancestor);
    }
  }

  return {
    upsert: (rows) => rows.forEach(put),
    changes: () => {
      const told = [...dirty].filter((node) => isVisible(node) || node.shown).sort(byCreation);
      dirty.clear();
      return told.map((node) => {
        node.shown = isVisible(node);
        return { row: node.row, visible: node.shown, childrenPhaseCounts: new Map(node.counts) };
      });
    },
  };
}

function isVisible<R>(node: Node<R>): boolean {
  return node.matches || node.matchesBelow > 0;
}

function* ancestorsOf<R>(node: Node<R>): Iterable<Node<R>> {
  for (let ancestor = node.parent; ancestor !== undefined; ancestor = ancestor.parent) yield ancestor;
}

function add(counts: Map<number, number>, phase: number, amount: number): void {
  counts.set(phase, (counts.get(phase) ?? 0) + amount);
}

function byCreation<R extends TreeRow>(left: Node<R>, right: Node<R>): number {
  if (left.order !== right.order) return left.order < right.order ? -1 : 1;
  const depths = depthOf(left) - depthOf(right);
  return depths !== 0 ? depths : Number(left.row.name > right.row.name) - Number(left.row.name < right.row.name);
}

function depthOf<R>(node: Node<R>): number {
  let depth = 0;
  for (const _ of ancestorsOf(node)) depth += 1;
  return depth;
}
