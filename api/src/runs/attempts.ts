/** From stored events to the attempts that details show (runs contract 2.6). Pure. */
import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { OutputReferencesSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import {
  type ActionAttempt,
  ActionAttemptSchema,
  type ActionEvent,
  type PhaseTransition,
  PhaseTransitionSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { isTerminal } from "./phases.ts";

/**
 * One entry per attempt number, ascending. An attempt that another one followed has failed, whether or not anybody
 * said so: it ends where the next one begins and keeps any error it reported.
 */
export function attemptsOf(events: readonly ActionEvent[]): readonly ActionAttempt[] {
  const byAttempt = new Map<number, ActionEvent[]>();
  for (const event of events) {
    const group = byAttempt.get(event.attempt) ?? [];
    byAttempt.set(event.attempt, group);
    group.push(event);
  }
  const numbers = [...byAttempt.keys()].sort((left, right) => left - right);
  const newest = numbers.at(-1) ?? 0;
  const attempts = numbers.map((number) => mergeAttempt(number, byAttempt.get(number) ?? [], number < newest));
  for (const [index, attempt] of attempts.entries()) {
    const next = attempts[index + 1];
    if (next !== undefined && !isTerminal(attempt.phase)) closeBefore(attempt, next.startTime);
  }
  return attempts;
}

function mergeAttempt(number: number, events: readonly ActionEvent[], superseded: boolean): ActionAttempt {
  const ordered = [...events].sort(byReport);
  const first = ordered[0];
  const final = ordered.find((event) => isTerminal(event.phase));
  const last = final ?? ordered.at(-1);
  const startTime = first?.updatedTime;
  const endTime = later(startTime, final?.updatedTime);
  const outputUri = last?.outputs?.outputUri ?? "";
  const reportUri = latest(ordered, (event) => event.outputs?.reportUri || undefined) ?? "";
  const logContext = latest(ordered, (event) => event.logContext);
  const cacheMetadata = latest(ordered, (event) => event.cacheMetadata);
  const seenError = superseded && final === undefined ? latest(ordered, (event) => event.errorInfo) : undefined;
  const errorInfo = last?.errorInfo ?? seenError;
  return create(ActionAttemptSchema, {
    attempt: number,
    phase: last?.phase ?? ActionPhase.UNSPECIFIED,
    cluster: last?.cluster ?? "",
    cacheStatus: last?.cacheStatus ?? 0,
    logInfo: logsOf(ordered),
    logsAvailable: logContext !== undefined,
    clusterEvents: ordered.flatMap((event) => event.clusterEvents),
    phaseTransitions: transitionsOf(ordered),
    ...(startTime === undefined ? {} : { startTime }),
    ...(final === undefined || endTime === undefined ? {} : { endTime }),
    ...(errorInfo === undefined ? {} : { errorInfo }),
    ...(outputUri === "" && reportUri === ""
      ? {}
      : { outputs: create(OutputReferencesSchema, { outputUri, reportUri }) }),
    ...(logContext === undefined ? {} : { logContext }),
    ...(cacheMetadata === undefined ? {} : { cacheMetadata }),
  });
}

function logsOf(events: readonly ActionEvent[]) {
  const byName = new Map(events.flatMap((event) => event.logInfo.map((log) => [log.name, log] as const)));
  return [...byName.values()].sort((left, right) => Number(left.name > right.name) - Number(left.name < right.name));
}

/** The first occurrence of each phase; each ends where the next begins, a terminal one at its own start. */
function transitionsOf(events: readonly ActionEvent[]): PhaseTransition[] {
  const transitions: PhaseTransition[] = [];
  const seen = new Set<ActionPhase>();
  for (const event of events) {
    if (seen.has(event.phase)) continue;
    seen.add(event.phase);
    const time = event.updatedTime;
    const previous = transitions.at(-1);
    if (previous !== undefined && time !== undefined) previous.endTime = time;
    const ends = isTerminal(event.phase);
    transitions.push(
      create(PhaseTransitionSchema, {
        phase: event.phase,
        ...(time === undefined ? {} : { startTime: time, ...(ends ? { endTime: time } : {}) }),
      }),
    );
    if (ends) break;
  }
  return transitions;
}

function closeBefore(attempt: ActionAttempt, end: Timestamp | undefined): void {
  attempt.phase = ActionPhase.FAILED;
  const transition = attempt.phaseTransitions.at(-1);
  if (end === undefined) return;
  attempt.endTime = end;
  if (transition !== undefined && transition.endTime === undefined) transition.endTime = end;
}

/** By when an event was reported, or else happened. */
export function byReport(left: ActionEvent, right: ActionEvent): number {
  return compare(left.reportedTime ?? left.updatedTime, right.reportedTime ?? right.updatedTime);
}

function compare(left: Timestamp | undefined, right: Timestamp | undefined): number {
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined);
  if (left.seconds !== right.seconds) return left.seconds < right.seconds ? -1 : 1;
  return left.nanos - right.nanos;
}

function later(left: Timestamp | undefined, right: Timestamp | undefined): Timestamp | undefined {
  return compare(left, right) > 0 ? left : right;
}

function latest<T>(events: readonly ActionEvent[], pick: (event: ActionEvent) => T | undefined): T | undefined {
  for (const event of events.toReversed()) {
    const value = pick(event);
    if (value !== undefined) return value;
  }
  return undefined;
}
