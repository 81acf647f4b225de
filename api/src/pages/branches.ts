/** Rows → a tree to show: children below their parent, those of one group gathered. Pure. */
import type { ActionRow } from "../runs/action-row.ts";

export interface Leaf {
  readonly row: ActionRow;
  readonly branches: readonly Branch[];
  /** The parent's name, where the tree is too deep to show the action below it. */
  readonly liftedFrom: string | undefined;
}

export interface Branch {
  /** Empty for actions without a group. */
  readonly group: string;
  readonly parent: string;
  readonly leaves: readonly Leaf[];
}

/** Levels shown as levels; what lies deeper stands beside its parent, which it names. */
export const maxLevels = 8;

/** Roots are rows whose parent is not among the rows, and of a circle one member. */
export function branchesOf(rows: readonly ActionRow[]): readonly Branch[] {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const byParent = new Map<string, ActionRow[]>();
  const roots: ActionRow[] = [];
  for (const row of rows) {
    const parent = row.parentActionName;
    if (parent === null || !byName.has(parent)) roots.push(row);
    else byParent.set(parent, [...(byParent.get(parent) ?? []), row]);
  }
  const placed = new Set<string>();
  const plant = (row: ActionRow, level: number): Planted => {
    placed.add(row.name);
    const children = (byParent.get(row.name) ?? []).filter((child) => !placed.has(child.name));
    if (level < maxLevels) {
      const below = children.flatMap((child) => leavesOf(plant(child, level + 1)));
      return { leaf: { row, branches: gather(row.name, below), liftedFrom: undefined }, beside: [] };
    }
    const beside = children.flatMap((child) => leavesOf(plant(child, level), row.name));
    return { leaf: { row, branches: [], liftedFrom: undefined }, beside };
  };
  const leaves = roots.flatMap((row) => leavesOf(plant(row, 1)));
  // Whatever a circle of parents keeps from hanging on a root is shown too.
  for (const row of rows) if (!placed.has(row.name)) leaves.push(...leavesOf(plant(row, 1)));
  return gather("", leaves);
}

interface Planted {
  readonly leaf: Leaf;
  readonly beside: readonly Leaf[];
}

function leavesOf({ leaf, beside }: Planted, liftedFrom?: string): readonly Leaf[] {
  return [liftedFrom === undefined ? leaf : { ...leaf, liftedFrom }, ...beside];
}

/** Groups stand where their first member would. */
function gather(parent: string, leaves: readonly Leaf[]): readonly Branch[] {
  const branches: { group: string; parent: string; leaves: Leaf[] }[] = [];
  const byGroup = new Map<string, Leaf[]>();
  for (const leaf of leaves) {
    const group = leaf.row.actionGroup ?? "";
    const known = group === "" ? lastUngrouped(branches) : byGroup.get(group);
    if (known !== undefined) {
      known.push(leaf);
      continue;
    }
    const fresh: Leaf[] = [leaf];
    if (group !== "") byGroup.set(group, fresh);
    branches.push({ group, parent, leaves: fresh });
  }
  return branches;
}

function lastUngrouped(branches: readonly { readonly group: string; readonly leaves: Leaf[] }[]): Leaf[] | undefined {
  const last = branches.at(-1);
  return last?.group === "" ? last.leaves : undefined;
}
