/** What the page of one run shows, loaded and made into its parts. A part is replaced as a whole when it changes. */
import { create } from "@bufbuild/protobuf";
import { DataPlaneError, errorCode } from "@flyte-dataplane/core";
import {
  type ActionAttemptIdentifier,
  ActionAttemptIdentifierSchema,
} from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import type { GetActionDataResponse } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import type { ActionAttempt } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { toConnectError } from "@flyte-dataplane/runtime/server";
import { actionIdentifier, invalid, type RunKey, rootActionName } from "../identifiers.ts";
import { type LoadedAction, loadAction } from "../runs/action-details.ts";
import { isTerminal } from "../runs/phases.ts";
import { readActionPage } from "./action-page.ts";
import { actionPart } from "./action-part.ts";
import { dataPath, runsPath, tasksPath } from "./addresses.ts";
import { type Html, html, nothing } from "./html.ts";
import type { PagesDeps } from "./pages-deps.ts";
import { phaseChip, phaseWord } from "./phase-mark.ts";
import type { RunView } from "./run-view.ts";
import { instant, span } from "./time-text.ts";
import { shownName, treePart } from "./tree-part.ts";
import { valuesPart } from "./value-part.ts";

export interface RunState {
  readonly root: LoadedAction;
  readonly chosen: LoadedAction;
  /** The attempt that is shown: the one asked for, else the newest. */
  readonly attempt: ActionAttempt | undefined;
  readonly parts: RunParts;
}

/** By the id of the element that holds each. */
export interface RunParts {
  readonly summary: Html;
  readonly actions: Html;
  readonly details: Html;
  readonly data: Html;
}

/** Remembers the documents of the chosen action between two looks at a run: they change with its phase alone. */
export interface DataMemory {
  phase: number | undefined;
  part: Html;
}

export function emptyMemory(): DataMemory {
  return { phase: undefined, part: nothing };
}

/** `not_found` for an unknown run, action or attempt. */
export async function loadRun(
  deps: PagesDeps,
  run: RunKey,
  view: RunView,
  memory: DataMemory,
  signal: AbortSignal,
): Promise<RunState> {
  const root = await loadNamed(deps, run, rootActionName);
  const [chosen, actions] = await Promise.all([
    view.action === rootActionName ? root : loadNamed(deps, run, view.action),
    readActionPage(deps.database, run, view),
  ]);
  const { attempts } = chosen.details;
  const attempt =
    view.attempt === undefined ? attempts.at(-1) : attempts.find((entry) => entry.attempt === view.attempt);
  if (attempt === undefined && view.attempt !== undefined) {
    throw invalid(`attempt: action "${view.action}" has no attempt ${view.attempt}`);
  }
  if (memory.phase !== chosen.row.phase) {
    memory.part = await dataPart(deps, run, chosen, signal);
    memory.phase = chosen.row.phase;
  }
  const nowMs = deps.clock.now();
  return {
    root,
    chosen,
    attempt,
    parts: {
      summary: summaryPart(root, nowMs),
      actions: treePart({ run, view, actions, nowMs }),
      details: actionPart({ run, view, loaded: chosen, attempt, nowMs }),
      data: memory.part,
    },
  };
}

async function loadNamed(deps: PagesDeps, run: RunKey, name: string): Promise<LoadedAction> {
  try {
    return await loadAction(deps.database, { ...run, name });
  } catch (error) {
    if (errorCode(error) !== "not_found") throw error;
    const what = name === rootActionName ? "" : `with an action "${name}" `;
    throw new DataPlaneError(
      "not_found",
      `There is no run "${run.runName}" ${what}in project ${run.project}, domain ${run.domain}.`,
      { origin: "user", cause: error },
    );
  }
}

function summaryPart({ row, details }: LoadedAction, nowMs: number): Html {
  const { status } = details;
  const labels = Object.entries(row.runLabels ?? {}).slice(0, 50);
  const ended = isTerminal(row.phase);
  return html`<p class="lead">${phaseChip(row.phase)} <span>started ${instant(status?.startTime)}</span> <span>${ended ? "took" : "for"} ${span(status?.startTime, status?.endTime, nowMs)}</span></p>
${labels.length === 0 ? nothing : html`<ul class="labels" aria-label="Labels">${labels.map(([key, value]) => html`<li>${key}: ${value}</li>`)}</ul>`}
${ended ? nothing : html`<p class="hint">To end it: <code>flyte abort run ${row.runName}</code></p>`}`;
}

/** Documents that cannot be read leave their reason where they would stand. */
async function dataPart(deps: PagesDeps, run: RunKey, chosen: LoadedAction, signal: AbortSignal): Promise<Html> {
  const { row, details } = chosen;
  let documents: GetActionDataResponse;
  try {
    documents = await deps.data.getActionData({ actionId: actionIdentifier(row) }, { signal });
  } catch (error) {
    const { rawMessage } = toConnectError(error);
    return html`<h3>Inputs and outputs</h3><p class="quiet">They cannot be shown: ${rawMessage}</p>`;
  }
  // Inputs are every attempt's, outputs the last one's.
  const attempt = details.attempts.at(-1)?.attempt ?? 1;
  const place = (kind: "input" | "output") => (name: string) =>
    dataPath(run, { action: row.name, attempt, kind, name });
  const inputs = documents.inputs?.literals ?? [];
  const outputs = documents.outputs?.literals ?? [];
  const none = isTerminal(row.phase) ? "None." : "None yet.";
  return html`<h3>Inputs</h3>${inputs.length === 0 ? html`<p class="quiet">None.</p>` : valuesPart(inputs, place("input"))}
<h3>Outputs</h3>${outputs.length === 0 ? html`<p class="quiet">${none}</p>` : valuesPart(outputs, place("output"))}`;
}

/** The whole page's content; `log` is the content of the log's section. */
export function runMain(run: RunKey, { root, chosen, parts }: RunState, log: Html): Html {
  const name = shownName(root.row);
  const task = root.row.taskName ?? "";
  return html`<div class="title"><h1>${name} <span class="id">${run.runName}</span></h1>
<p class="quiet">${task === "" ? nothing : html`Task <a href="${tasksPath(run, task)}">${task}</a> in `}<a href="${runsPath(run)}">${run.project} / ${run.domain}</a></p>
<div id="summary">${parts.summary}</div>
<p class="unseen" role="status" id="told"></p>
<p class="quiet" id="live" hidden></p>
<noscript><p class="quiet">Reload the page to see what has happened since.</p></noscript></div>
<div class="columns">
<section aria-labelledby="actions-title" class="actions"><h2 id="actions-title">Actions</h2><div id="actions">${parts.actions}</div></section>
<section aria-labelledby="action" class="chosen"><h2 id="action" tabindex="-1">${shownName(chosen.row)} <span class="id">${chosen.row.name}</span></h2>
<div id="details">${parts.details}</div>
<h3>Log</h3><div id="log">${log}</div>
<div id="data">${parts.data}</div></section>
</div>`;
}

/** What a tab says: `Failed · main · r1a2b3`. */
export function runTitle(run: RunKey, { root }: RunState): string {
  return `${phaseWord(root.row.phase)} · ${shownName(root.row)} · ${run.runName}`;
}

/** The log that the page shows; absent for actions that have none, as traces and conditions, and before the first attempt. */
export function logRefOf({ chosen, attempt }: RunState): ActionAttemptIdentifier | undefined {
  if (attempt === undefined || chosen.row.actionType > 1) return undefined;
  return create(ActionAttemptIdentifierSchema, { actionId: actionIdentifier(chosen.row), attempt: attempt.attempt });
}
