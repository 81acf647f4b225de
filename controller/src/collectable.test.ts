import type { TaskAction } from "@flyte-dataplane/core";
import { expect, test } from "vitest";
import { collectable } from "./collectable.ts";

const minutes = 60_000;
const hours = 60 * minutes;
const nowMs = Date.UTC(2026, 4, 6, 12, 30, 45);
const keep = { runMs: hours, childMs: 0 };

interface Shape {
  readonly run?: string;
  readonly project?: string;
  readonly parent?: string;
  /** When it ended; absent while it lives. */
  readonly endedMs?: number;
  readonly isRecorded?: boolean;
  readonly isLabelled?: boolean;
  readonly isTerminal?: boolean;
  readonly isBeingDeleted?: boolean;
  readonly completedTime?: string;
}

function action(name: string, shape: Shape = {}): TaskAction {
  const { run = "r1", project = "p", parent, endedMs, isRecorded = true, isLabelled = true } = shape;
  const ended = endedMs === undefined ? undefined : new Date(endedMs).toISOString();
  const completed = shape.completedTime ?? ended?.slice(0, 16).replace("T", ".").replace(":", "-") ?? "";
  const lastTransitionTime = ended ?? "";
  return {
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: {
      name: `${run}-${name}`,
      labels: {
        ...(ended !== undefined && isLabelled
          ? { "flyte.org/termination-status": "terminated", "flyte.org/completed-time": completed }
          : {}),
        ...(ended !== undefined && isRecorded ? { "flyte.org/terminal-status-recorded": "true" } : {}),
      },
      ...(shape.isBeingDeleted === true ? { deletionTimestamp: new Date(nowMs).toISOString() } : {}),
    },
    spec: {
      runName: run,
      project,
      domain: "d",
      actionName: name,
      ...(parent === undefined ? {} : { parentActionName: parent }),
    },
    status: {
      conditions:
        ended === undefined || shape.isTerminal === false
          ? []
          : [{ type: "Succeeded", status: "True", reason: "Completed", message: "", lastTransitionTime }],
    },
  };
}

const long = nowMs - 2 * hours;
const names = (actions: readonly TaskAction[]): readonly string[] => actions.map(({ metadata }) => metadata.name);

test.each<readonly [string, readonly TaskAction[], readonly string[]]>([
  ["a finished root", [action("a0", { endedMs: long })], ["r1-a0"]],
  ["a live root", [action("a0")], []],
  ["a root that ended in the minute an hour ago", [action("a0", { endedMs: nowMs - hours })], []],
  ["a root that ended in the minute before that", [action("a0", { endedMs: nowMs - hours - minutes })], ["r1-a0"]],
  ["a label without an end", [action("a0", { endedMs: long, isTerminal: false })], []],
  ["an end without its label", [action("a0", { endedMs: long, isLabelled: false })], []],
  ["a label that is no time", [action("a0", { endedMs: long, completedTime: "soon" })], []],
  ["a label that is no day", [action("a0", { endedMs: long, completedTime: "2026-00-40.10-00" })], []],
  ["an end not told", [action("a0", { endedMs: nowMs - 24 * hours, isRecorded: false })], []],
  [
    "an end not told for more than a day",
    [action("a0", { endedMs: nowMs - 24 * hours - minutes, isRecorded: false })],
    ["r1-a0"],
  ],
  ["one on its way already", [action("a0", { endedMs: long, isBeingDeleted: true })], []],
  ["a finished child of a live root", [action("a0"), action("x", { parent: "a0", endedMs: long })], []],
  ["a live child of a finished root", [action("a0", { endedMs: long }), action("x", { parent: "a0" })], []],
  [
    "a child that ended after its root, too recently",
    [action("a0", { endedMs: long }), action("x", { parent: "a0", endedMs: nowMs - minutes })],
    [],
  ],
  [
    "a finished child of a finished parent below a live root",
    [action("a0"), action("x", { parent: "a0", endedMs: long }), action("y", { parent: "x", endedMs: long })],
    [],
  ],
  ["a child whose root is gone", [action("x", { parent: "a0", endedMs: long })], ["r1-x"]],
  [
    "a child whose root is gone, beside one that lives",
    [action("x", { parent: "a0", endedMs: long }), action("y", { parent: "a0" })],
    [],
  ],
  [
    "a run of three generations, the youngest first",
    [
      action("a0", { endedMs: long }),
      action("y", { parent: "x", endedMs: long }),
      action("x", { parent: "a0", endedMs: long }),
    ],
    ["r1-y", "r1-x", "r1-a0"],
  ],
  [
    "two runs of one name in two projects, one of them live",
    [action("a0", { endedMs: long }), action("a0", { project: "q" })],
    ["r1-a0"],
  ],
  [
    "parents in a circle",
    [action("x", { parent: "y", endedMs: long }), action("y", { parent: "x", endedMs: long })],
    ["r1-x", "r1-y"],
  ],
])("%s [controller 91,X13]", (_case, actions, expected) => {
  expect(names(collectable(actions, keep, nowMs))).toEqual(expected);
});

test("without a time to stay a run is collected as soon as its end is told", () => {
  const actions = [action("a0", { endedMs: nowMs }), action("b0", { run: "r2", endedMs: nowMs, isRecorded: false })];
  expect(names(collectable(actions, { runMs: 0, childMs: 0 }, nowMs))).toEqual(["r1-a0"]);
});

test("children with a time of their own go below a live root, but never above what lives or is too young", () => {
  const actions = [
    action("a0"),
    action("old", { parent: "a0", endedMs: long }),
    action("older", { parent: "old", endedMs: long }),
    action("young", { parent: "a0", endedMs: nowMs - 5 * minutes }),
    action("busy", { parent: "a0", endedMs: long }),
    action("live", { parent: "busy" }),
  ];
  expect(names(collectable(actions, { runMs: hours, childMs: 30 * minutes }, nowMs))).toEqual(["r1-older", "r1-old"]);
});

test("a child's time of its own does not take a root before the run's", () => {
  const actions = [action("a0", { endedMs: nowMs - 40 * minutes })];
  expect(collectable(actions, { runMs: hours, childMs: 30 * minutes }, nowMs)).toEqual([]);
});
