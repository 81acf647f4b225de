/** The chosen action: what it is, how it went, and each of its attempts. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { EnrichedIdentity } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import {
  type ActionAttempt,
  type ActionDetails,
  type ErrorInfo,
  ErrorInfo_Kind,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import type { RunKey } from "../identifiers.ts";
import type { LoadedAction } from "../runs/action-details.ts";
import { attemptPath, runPagePath, tasksPath, viewPath } from "./addresses.ts";
import { type Html, html, nothing } from "./html.ts";
import { cacheWord, phaseChip, phaseWord } from "./phase-mark.ts";
import type { RunView } from "./run-view.ts";
import { instant, span } from "./time-text.ts";
import { cut } from "./value-part.ts";

export interface ActionPlace {
  readonly run: RunKey;
  readonly view: RunView;
  readonly loaded: LoadedAction;
  /** The attempt that the page shows; absent before there is one. */
  readonly attempt: ActionAttempt | undefined;
  readonly nowMs: number;
}

/** Attempts listed; the newest ones. */
const mostAttempts = 50;
/** Characters of one error's text. */
const longestError = 20_000;

export function actionPart(place: ActionPlace): Html {
  const { details } = place.loaded;
  return html`${facts(place)}
${outcomePart(details, place.attempt)}
${attemptsPart(place)}`;
}

function facts({ run, loaded: { row, details }, nowMs }: ActionPlace): Html {
  const { status, metadata } = details;
  const task = row.taskName ?? "";
  const rows: readonly (readonly [string, Html | string])[] = [
    ["Phase", phaseChip(row.phase)],
    ["Started", instant(status?.startTime)],
    ...(status?.endTime === undefined ? [] : [["Ended", instant(status.endTime)] as const]),
    [status?.endTime === undefined ? "For" : "Took", span(status?.startTime, status?.endTime, nowMs)],
    ["Cache", cacheWord(row.cacheStatus)],
    ...(task === "" ? [] : [["Task", row.actionType === 1 ? taskLink(run, task) : html`${task}`] as const]),
    ...(row.taskVersion ? [["Version", html`<code>${row.taskVersion}</code>`] as const] : []),
    ...(row.taskType === "" ? [] : [["Type", row.taskType] as const]),
    ...(row.environmentName ? [["Environment", row.environmentName] as const] : []),
    ...(row.actionGroup ? [["Group", row.actionGroup] as const] : []),
    ...(metadata?.executedBy === undefined ? [] : [["Started by", whoText(metadata.executedBy)] as const]),
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function taskLink(run: RunKey, task: string): Html {
  return html`<a href="${tasksPath(run, task)}">${task}</a>`;
}

function whoText({ principal }: EnrichedIdentity): string {
  if (principal.case === "application") return principal.value.spec?.name || principal.value.id?.subject || "unknown";
  const { id, spec } = principal.value ?? {};
  return spec?.email || id?.subject || "unknown";
}

/** Why it ended as it did, where there is more to say than the phase; the newest attempt's error while another follows. */
function outcomePart(details: ActionDetails, attempt: ActionAttempt | undefined): Html {
  const { result, spec } = details;
  if (attempt?.errorInfo !== undefined) return errorPart(attempt.errorInfo);
  if (result.case === "errorInfo") return errorPart(result.value);
  if (result.case === "abortInfo") {
    const by = result.value.abortedBy === undefined ? "" : ` by ${whoText(result.value.abortedBy)}`;
    return html`<div class="notice"><h3>Aborted${by}</h3><pre>${cut(result.value.reason, longestError)}</pre></div>`;
  }
  if (spec.case === "condition" && details.status?.endTime === undefined) {
    return html`<div class="notice"><h3>Waits for a value</h3><pre>${cut(spec.value.prompt || spec.value.name, longestError)}</pre></div>`;
  }
  return nothing;
}

const kinds: Readonly<Record<ErrorInfo_Kind, string>> = {
  [ErrorInfo_Kind.UNSPECIFIED]: "Error",
  [ErrorInfo_Kind.USER]: "Error in the task",
  [ErrorInfo_Kind.SYSTEM]: "Error of the system",
};

function errorPart({ kind, code, message }: ErrorInfo): Html {
  const name = (kinds as Readonly<Record<number, string>>)[kind] ?? "Error";
  return html`<div class="notice bad"><h3>${name}${code === "" ? "" : html`: <code>${code}</code>`}</h3>
<pre tabindex="0" role="region" aria-label="Text of the error">${cut(message, longestError)}</pre></div>`;
}

function attemptsPart(place: ActionPlace): Html {
  const { attempts } = place.loaded.details;
  if (attempts.length === 0) return nothing;
  const shown = attempts.slice(-mostAttempts).toReversed();
  const left = attempts.length - shown.length;
  return html`<h3>${attempts.length === 1 ? "Attempt" : "Attempts"}</h3>
<ol class="attempts">${shown.map((attempt) => attemptPart(place, attempt))}</ol>${left > 0 ? html`<p>and ${left} before</p>` : nothing}`;
}

function attemptPart(place: ActionPlace, attempt: ActionAttempt): Html {
  const { run, view, nowMs } = place;
  const number = attempt.attempt;
  const chosen = number === place.attempt?.attempt;
  const address = viewPath(runPagePath(run), { ...view, attempt: number, fromLine: undefined });
  const name = chosen ? html`<b>Attempt ${number}</b>` : html`<a href="${address}#action">Attempt ${number}</a>`;
  // An address is recorded for every attempt; only some tasks write a report there.
  const { spec } = place.loaded.details;
  const reports = spec.case === "task" && spec.value.taskTemplate?.metadata?.generatesDeck === true;
  const report =
    reports && attempt.outputs?.reportUri
      ? html` · <a href="${attemptPath(run, "report", view.action, number)}">Download report</a>`
      : nothing;
  const phases = attempt.phaseTransitions.map(
    ({ phase, startTime, endTime }) =>
      html`<li>${phaseWord(phase)} <span class="took">${phaseSpan(startTime, endTime, nowMs)}</span></li>`,
  );
  return html`<li value="${number}"${chosen ? html` aria-current="true"` : nothing}><p>${name} ${phaseChip(attempt.phase)} <span class="took">${span(attempt.startTime, attempt.endTime, nowMs)}</span>${report}${logLinks(attempt)}</p>
<ol class="phases" aria-label="Phases of attempt ${number}">${phases}</ol></li>`;
}

/** A final phase begins and ends at one instant, which is worth showing; its length is not. */
function phaseSpan(start: Timestamp | undefined, end: Timestamp | undefined, nowMs: number): Html {
  const instantOnly = start !== undefined && end?.seconds === start.seconds && end.nanos === start.nanos;
  return instantOnly ? html`at ${instant(start)}` : span(start, end, nowMs);
}

/** Pages of other tools. Tasks choose these addresses, so only those of web pages become links. */
function logLinks(attempt: ActionAttempt): readonly Html[] {
  return attempt.logInfo
    .filter(({ uri }) => /^https?:\/\//i.test(uri))
    .map(({ uri, name }) => html` · <a href="${uri}" rel="noreferrer nofollow">${name || uri}</a>`);
}
