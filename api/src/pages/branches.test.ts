import { describe, expect, test } from "vitest";
import type { ActionRow } from "../runs/action-row.ts";
import { type Branch, branchesOf, maxLevels } from "./branches.ts";

function row(name: string, parentActionName: string | null = null, actionGroup: string | null = null): ActionRow {
  return {
    project: "p",
    domain: "d",
    runName: "r",
    name,
    parentActionName,
    actionGroup,
    phase: 4,
    runSource: "",
    actionType: 1,
    taskProject: null,
    taskDomain: null,
    taskName: null,
    taskVersion: null,
    taskType: "",
    taskShortName: null,
    functionName: "",
    environmentName: null,
    triggerName: null,
    triggerTaskName: null,
    triggerRevision: null,
    createdBy: null,
    createdAt: 0n,
    endedAt: null,
    durationMs: null,
    attempts: 1,
    cacheStatus: 0,
    runLabels: null,
    conditionInfo: null,
  };
}

/** `a0(c1 [g: c2 c3])` */
function text(branches: readonly Branch[]): string {
  return branches
    .map(({ group, leaves }) => {
      const names = leaves.map(({ row: { name }, branches: below, liftedFrom }) => {
        const lifted = liftedFrom === undefined ? "" : `^${liftedFrom}`;
        return below.length === 0 ? name + lifted : `${name + lifted}(${text(below)})`;
      });
      return group === "" ? names.join(" ") : `[${group}: ${names.join(" ")}]`;
    })
    .join(" ");
}

describe("a tree of actions", () => {
  test("has children below their parent, whichever row comes first", () => {
    expect(text(branchesOf([row("c2", "c1"), row("a0"), row("c1", "a0"), row("c3", "a0")]))).toBe("a0(c1(c2) c3)");
  });

  test("gathers a group where its first member stands", () => {
    const rows = [row("a0"), row("c1", "a0"), row("c2", "a0", "g"), row("c3", "a0"), row("c4", "a0", "g")];
    expect(text(branchesOf(rows))).toBe("a0(c1 [g: c2 c4] c3)");
  });

  test("keeps groups of one name below two parents apart", () => {
    const rows = [row("a0"), row("b", "a0"), row("c", "a0"), row("b1", "b", "g"), row("c1", "c", "g")];
    expect(text(branchesOf(rows))).toBe("a0(b([g: b1]) c([g: c1]))");
  });

  test("shows an action whose parent is not among the rows at the top", () => {
    expect(text(branchesOf([row("c1", "gone"), row("a0")]))).toBe("c1 a0");
  });

  test("shows each member of a circle of parents once", () => {
    expect(text(branchesOf([row("x", "y"), row("y", "z"), row("z", "x"), row("self", "self")]))).toBe("x(z(y)) self");
  });

  test("is no deeper than its levels: what lies deeper stands beside its parent and names it", () => {
    const chain = Array.from({ length: 500 }, (_, index) => row(`n${index}`, index === 0 ? null : `n${index - 1}`));
    const branches = branchesOf(chain);
    const shown = text(branches);
    expect(shown.match(/\(/g)).toHaveLength(maxLevels - 1);
    for (const { name } of chain) expect(shown).toMatch(new RegExp(`\\b${name}\\b`));
    expect(shown).toContain(`n${maxLevels}^n${maxLevels - 1} n${maxLevels + 1}^n${maxLevels}`);
  });
});
