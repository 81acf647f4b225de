/** What the tests ask of the server about a run: the same calls as any client's. */
import { create } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import {
  type ActionIdentifier,
  ActionIdentifierSchema,
  type RunIdentifier,
} from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import {
  DataProxyService,
  type GetActionDataResponse,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import type { NamedLiteral } from "@flyte-dataplane/proto/flyteidl2/task/common";
import type { Action, ActionDetails } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { inject } from "vitest";

const terminal: ReadonlySet<ActionPhase> = new Set([
  ActionPhase.SUCCEEDED,
  ActionPhase.FAILED,
  ActionPhase.ABORTED,
  ActionPhase.TIMED_OUT,
  ActionPhase.RECOVERED,
]);

export interface RunApi {
  readonly runs: Client<typeof RunService>;
  readonly data: Client<typeof DataProxyService>;
  details(action: ActionIdentifier): Promise<ActionDetails>;
  /** The first state of the action that `wanted` accepts; rejects when the stream ends before. */
  until(action: ActionIdentifier, wanted: (details: ActionDetails) => boolean): Promise<ActionDetails>;
  untilEnded(run: RunIdentifier): Promise<ActionDetails>;
  /** All actions of the run but the root, oldest first. */
  children(run: RunIdentifier): Promise<readonly Action[]>;
  /** Inputs and outputs by name, as plain values. */
  values(action: ActionIdentifier): Promise<{ readonly inputs: PlainValues; readonly outputs: PlainValues }>;
  /** Lines of an ended attempt's log, line ends included. */
  log(action: ActionIdentifier, attempt?: number): Promise<readonly string[]>;
}

export type PlainValues = Readonly<Record<string, unknown>>;

/** By default of the suite's server. */
export function runApi(url: string = inject("serverUrl")): RunApi {
  const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1" });
  const runs = createClient(RunService, transport);
  const data = createClient(DataProxyService, transport);
  const until: RunApi["until"] = async (actionId, wanted) => {
    const giveUp = new AbortController();
    try {
      for await (const { details } of runs.watchActionDetails({ actionId }, { signal: giveUp.signal }))
        if (details !== undefined && wanted(details)) return details;
    } finally {
      giveUp.abort();
    }
    throw new Error(`watch ${actionId.name}: ended before the state that was waited for`);
  };
  return {
    runs,
    data,
    until,
    details: async (actionId) => demand((await runs.getActionDetails({ actionId })).details, "details"),
    untilEnded: (run) => until(actionOf(run, "a0"), (details) => terminal.has(phaseOf(details))),
    children: async (runId) => {
      const request = { limit: 500, sortBy: { key: "created_at", direction: 1 } };
      const { actions } = await runs.listActions({ runId, request });
      return actions.filter(({ id }) => id?.name !== "a0");
    },
    values: async (actionId) => plainData(await data.getActionData({ actionId })),
    log: async (actionId, attempt = 1) => {
      const lines: string[] = [];
      for await (const { logs } of data.tailLogs({ actionId, attempt }))
        for (const batch of logs) lines.push(...batch.lines.map(({ message }) => message));
      return lines;
    },
  };
}

export function actionOf(run: RunIdentifier, name: string): ActionIdentifier {
  return create(ActionIdentifierSchema, { run, name });
}

/** The identifier of a listed action. */
export function idOf(action: Action | undefined): ActionIdentifier {
  return demand(action?.id, "action id");
}

export function phaseOf(details: ActionDetails | Action): ActionPhase {
  return details.status?.phase ?? ActionPhase.UNSPECIFIED;
}

/** Names of phases read better in a failed test than numbers. */
export function phaseName(phase: ActionPhase): string {
  return ActionPhase[phase];
}

/** How often the server has answered a procedure, whatever the outcome. */
export async function callsOf(method: string): Promise<number> {
  const metrics = await (await fetch(`${inject("serverUrl")}/metrics`)).text();
  const counts = metrics
    .split("\n")
    .filter((line) => line.startsWith("rpc_server_calls_total{") && line.includes(`method="${method}"`))
    .map((line) => Number(line.slice(line.lastIndexOf(" "))));
  return counts.reduce((sum, count) => sum + count, 0);
}

function plainData({ inputs, outputs }: GetActionDataResponse): {
  readonly inputs: PlainValues;
  readonly outputs: PlainValues;
} {
  return { inputs: byName(inputs?.literals ?? []), outputs: byName(outputs?.literals ?? []) };
}

function byName(literals: readonly NamedLiteral[]): PlainValues {
  return Object.fromEntries(literals.map(({ name, value }) => [name, value === undefined ? undefined : plain(value)]));
}

/** Primitives as themselves, integers as bigint, lists as arrays, blobs as their URI; anything else as its literal. */
function plain(literal: Literal): unknown {
  const { value } = literal;
  if (value.case === "collection") return value.value.literals.map(plain);
  if (value.case !== "scalar") return literal;
  const scalar = value.value.value;
  if (scalar.case === "blob") return scalar.value.uri;
  return scalar.case === "primitive" ? scalar.value.value.value : literal;
}

function demand<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the answer holds no ${what}`);
  return value;
}
