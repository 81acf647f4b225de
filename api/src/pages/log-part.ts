/** A log on a page: numbered lines, and the way to those before. */
import type { RunKey } from "../identifiers.ts";
import { attemptPath, runPagePath, viewPath } from "./addresses.ts";
import { type Html, html, nothing } from "./html.ts";
import { type LogWindow, linesPerPage, type ShownLine } from "./log-window.ts";
import type { RunView } from "./run-view.ts";
import { countText } from "./time-text.ts";

export interface LogPlace {
  readonly run: RunKey;
  readonly view: RunView;
  readonly attempt: number;
}

/** The section's content; the script appends to the list with the id `lines`, whose data say where it is. */
export function logPart(place: LogPlace, log: LogWindow): Html {
  const { attempt } = place;
  return html`<div id="log-about">${logAbout(place, { first: log.lines[0]?.number, last: log.lines.at(-1)?.number, ...log })}</div>
<div class="log" tabindex="0" role="region" aria-label="Lines of the log"><ol id="lines" data-attempt="${attempt}" data-next="${log.seen + 1}" data-most="${linesPerPage}">${linesPart(log.lines)}</ol></div>
<p id="log-end">${log.trouble ?? (log.ended || place.view.fromLine !== undefined ? "" : "The log goes on.")}</p>`;
}

export function linesPart(lines: readonly ShownLine[]): Html {
  return html`${lines.map(
    ({ number, timeMs, text }) =>
      html`<li value="${number}">${timeMs === undefined ? nothing : timePart(timeMs)}<span class="text">${text}</span></li>`,
  )}`;
}

function timePart(ms: number): Html {
  const iso = new Date(ms).toISOString();
  return html`<time class="at" datetime="${iso}" data-clock="">${iso.slice(11, 19)}</time> `;
}

export interface LogExtent {
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly seen: number;
  readonly ended: boolean;
}

/** Which lines these are, and the links to others. */
export function logAbout({ run, view, attempt }: LogPlace, { first, last, seen, ended }: LogExtent): Html {
  if (first === undefined || last === undefined) {
    return html`<p>${seen === 0 ? "Nothing was printed so far." : `The log has ${countText(seen)} lines.`}</p>`;
  }
  const path = runPagePath(run);
  const at = (fromLine: number | undefined) => `${viewPath(path, { ...view, attempt, fromLine })}#log`;
  const earlier = Math.max(1, first - linesPerPage);
  const total = ended || seen > last ? ` of ${countText(seen)}${ended ? "" : " or more"}` : "";
  return html`<p>${first === last ? `Line ${countText(first)}` : `Lines ${countText(first)} to ${countText(last)}`}${total}</p>
<nav class="turn" aria-label="Parts of the log">${first > 1 ? html`<a href="${at(earlier)}">Show earlier lines</a>` : nothing}
${view.fromLine !== undefined && seen > last ? html`<a href="${at(last + 1)}">Show later lines</a>` : nothing}
${view.fromLine === undefined ? nothing : html`<a href="${at(undefined)}">Show the newest lines</a>`}
<a href="${attemptPath(run, "log", view.action, attempt)}">Whole log as text</a></nav>`;
}
