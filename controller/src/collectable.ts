/**
 * Which finished actions nobody needs any more (contract 4.16). A run goes as a whole: as long as one of its actions
 * lives, its parent may start again and ask for what the others have computed. Pure.
 */
import {
  completedTimeLabel,
  isTerminal,
  type TaskAction,
  terminalStatusRecordedLabel,
  terminatedValue,
  terminationStatusLabel,
} from "@flyte-dataplane/core";

export interface KeepTimes {
  /** How long a finished run stays, in milliseconds; 0 is not at all. */
  readonly runMs: number;
  /** How long a finished action stays below a parent that may still live, with all that is below it; 0 is for ever. */
  readonly childMs: number;
}

const minuteMs = 60_000;
/** The run service has had this long to take in how an action ended; what it has not heard by then it never will. */
const unrecordedMs = 24 * 60 * minuteMs;

/** Those to delete at `nowMs`, children before their parents. */
export function collectable(actions: Iterable<TaskAction>, keep: KeepTimes, nowMs: number): readonly TaskAction[] {
  const runs = new Map<string, TaskAction[]>();
  for (const action of actions) {
    const key = runKey(action);
    const run = runs.get(key);
    if (run === undefined) runs.set(key, [action]);
    else run.push(action);
  }
  return [...runs.values()].flatMap((run) => collectableOfRun(run, keep, nowMs));
}

/** Actions with the same key are of one run. */
export function runKey({ spec }: TaskAction): string {
  return [spec.project, spec.domain, spec.runName].join("/");
}

function collectableOfRun(run: readonly TaskAction[], keep: KeepTimes, nowMs: number): readonly TaskAction[] {
  const tree = new Map(run.map((action) => [action.spec.actionName, action]));
  const whole = run.every((action) => hasExpired(action, keep.runMs, nowMs));
  const chosen = whole ? run : keep.childMs > 0 ? expiredBelow(run, tree, keep.childMs, nowMs) : [];
  return chosen
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((action) => ({ action, depth: ancestors(action, tree).length }))
    .sort((one, other) => other.depth - one.depth)
    .map(({ action }) => action);
}

/** Children that have expired together with everything below them. */
function expiredBelow(
  run: readonly TaskAction[],
  tree: ReadonlyMap<string, TaskAction>,
  afterMs: number,
  nowMs: number,
): readonly TaskAction[] {
  const needed = new Set<TaskAction>();
  for (const action of run) {
    if (hasExpired(action, afterMs, nowMs)) continue;
    for (const one of [action, ...ancestors(action, tree)]) needed.add(one);
  }
  return run.filter((action) => action.spec.parentActionName !== undefined && !needed.has(action));
}

/** From the parent upwards, as far as they are there. */
function ancestors(action: TaskAction, tree: ReadonlyMap<string, TaskAction>): readonly TaskAction[] {
  const found = new Set<TaskAction>();
  for (let next = parentOf(action, tree); next !== undefined && !found.has(next); next = parentOf(next, tree))
    found.add(next);
  return [...found];
}

function parentOf({ spec }: TaskAction, tree: ReadonlyMap<string, TaskAction>): TaskAction | undefined {
  return spec.parentActionName === undefined ? undefined : tree.get(spec.parentActionName);
}

/** Ended, tidied up after, told to the run service, and longer ago than `afterMs`. */
function hasExpired(action: TaskAction, afterMs: number, nowMs: number): boolean {
  const labels = action.metadata.labels ?? {};
  // A label alone proves nothing: children of older controllers inherit it at birth.
  if (!isTerminal(action) || labels[terminationStatusLabel] !== terminatedValue) return false;
  const endedMs = parseCompletedTime(labels[completedTimeLabel] ?? "");
  const isRecorded = labels[terminalStatusRecordedLabel] === "true";
  return isLongerAgo(endedMs, afterMs, nowMs) && (isRecorded || isLongerAgo(endedMs, unrecordedMs, nowMs));
}

/** In whole minutes, as the label has no more; false for a label that is no time. */
function isLongerAgo(endedMs: number, afterMs: number, nowMs: number): boolean {
  if (afterMs <= 0) return !Number.isNaN(endedMs);
  return endedMs < Math.floor((nowMs - afterMs) / minuteMs) * minuteMs;
}

/** Of `YYYY-MM-DD.HH-mm` in UTC; NaN for any other text. */
function parseCompletedTime(label: string): number {
  const parts = /^(\d{4}-\d{2}-\d{2})\.(\d{2})-(\d{2})$/.exec(label);
  return parts === null ? Number.NaN : Date.parse(`${parts[1]}T${parts[2]}:${parts[3]}:00Z`);
}
