/** The run's actions as nested lists, with the links that choose one, filter them and turn the pages. */
import type { RunKey } from "../identifiers.ts";
import type { ActionRow } from "../runs/action-row.ts";
import { timestampFromMicros } from "../times.ts";
import { type ActionPage, actionsPerPage, countOf } from "./action-page.ts";
import { runPagePath, viewPath } from "./addresses.ts";
import { type Branch, branchesOf, type Leaf } from "./branches.ts";
import { type Html, html, nothing } from "./html.ts";
import { cacheWord, phaseDot, phaseWord } from "./phase-mark.ts";
import { type PhaseFilter, phaseFilters, type RunView } from "./run-view.ts";
import { countText, span } from "./time-text.ts";

interface Tree {
  readonly run: RunKey;
  readonly view: RunView;
  readonly actions: ActionPage;
  readonly nowMs: number;
}

export function treePart(tree: Tree): Html {
  const { actions } = tree;
  const branches = branchesOf(actions.rows);
  return html`${filters(tree)}
${branches.length === 0 ? html`<p>No action is in such a phase.</p>` : branches.map((branch) => branchPart(tree, branch))}
${turnPages(tree)}`;
}

const filterWords: Readonly<Record<PhaseFilter, string>> = {
  all: "All",
  active: "Active",
  succeeded: "Succeeded",
  failed: "Failed",
  aborted: "Aborted",
};

/** Only where there is something to choose from. */
function filters({ run, view, actions }: Tree): Html {
  const names = Object.keys(phaseFilters) as PhaseFilter[];
  const counted = names.map((name) => ({ name, count: countOf(actions.phases, phaseFilters[name]) }));
  const offered = counted.filter(({ name, count }) => name === "all" || count > 0 || name === actions.filter);
  if (offered.length < 3 && actions.filter === "all") return nothing;
  const items = offered.map(({ name, count }) => {
    const address = viewPath(runPagePath(run), { action: view.action, filter: name });
    const current = name === actions.filter ? html` aria-current="true"` : nothing;
    return html`<li><a href="${address}"${current}>${filterWords[name]} <span class="count">${countText(count)}</span></a></li>`;
  });
  return html`<nav aria-label="Actions by phase"><ul class="pills">${items}</ul></nav>`;
}

function branchPart(tree: Tree, branch: Branch): Html {
  const leaves = html`<ul class="tree">${branch.leaves.map((leaf) => leafPart(tree, leaf))}</ul>`;
  if (branch.group === "") return leaves;
  const key = `group-${branch.parent}-${branch.group}`;
  return html`<details open id="${key}"><summary>Group <b>${branch.group}</b> <span class="count">${groupText(tree.actions, branch)}</span></summary>${leaves}</details>`;
}

/** `3 succeeded, 1 failed`, of the whole group, whatever this page shows of it. */
function groupText(actions: ActionPage, branch: Branch): string {
  const counts = actions.groups
    .filter(({ parent, group }) => parent === branch.parent && group === branch.group)
    .toSorted((left, right) => left.phase - right.phase);
  return counts.map(({ phase, count }) => `${countText(count)} ${phaseWord(phase).toLowerCase()}`).join(", ");
}

function leafPart(tree: Tree, { row, branches, liftedFrom }: Leaf): Html {
  const { run, view, nowMs } = tree;
  const chosen = row.name === view.action;
  const address = viewPath(runPagePath(run), {
    action: row.name,
    filter: tree.actions.filter,
    page: tree.actions.page,
  });
  const start = timestampFromMicros(row.createdAt);
  const end = row.endedAt === null ? undefined : timestampFromMicros(row.endedAt);
  return html`<li id="node-${row.name}"><a class="action" href="${address}#action"${chosen ? html` aria-current="true"` : nothing}>${phaseDot(row.phase)}
<span class="name">${shownName(row)}</span> <span class="id">${row.name}</span>${notes(row, liftedFrom)}
<span class="took">${span(start, end, nowMs)}</span></a>${
    branches.length === 0
      ? nothing
      : html`<div class="below">${branches.map((branch) => branchPart(tree, branch))}</div>`
  }</li>`;
}

function notes(row: ActionRow, liftedFrom: string | undefined): Html {
  const words = [
    ...(row.attempts > 1 ? [`attempt ${row.attempts}`] : []),
    ...(row.cacheStatus === 0 ? [] : [`cache ${cacheWord(row.cacheStatus)}`]),
    ...(row.actionType === 2 ? ["trace"] : []),
    ...(row.actionType === 3 ? ["condition"] : []),
    ...(liftedFrom === undefined ? [] : [`below ${liftedFrom}`]),
  ];
  return words.length === 0 ? nothing : html` <span class="note">${words.join(" · ")}</span>`;
}

/** What the task's author called it: its short name, else the last part of its full one. */
export function shownName(row: ActionRow): string {
  const full = row.taskName ?? "";
  return row.taskShortName || row.functionName || full.slice(full.lastIndexOf(".") + 1) || row.name;
}

function turnPages({ run, view, actions }: Tree): Html {
  if (actions.pages === 1) return nothing;
  const { page, pages, filter } = actions;
  const to = (target: number) => viewPath(runPagePath(run), { action: view.action, filter, page: target });
  const total = countOf(actions.phases, phaseFilters[filter]);
  const first = (page - 1) * actionsPerPage + 1;
  const last = Math.min(total, page * actionsPerPage);
  return html`<nav class="turn" aria-label="Pages of actions"><p>Actions ${countText(first)} to ${countText(last)} of ${countText(total)}, oldest first</p>
${page > 1 ? html`<a rel="prev" href="${to(page - 1)}">Earlier actions</a>` : nothing} ${page < pages ? html`<a rel="next" href="${to(page + 1)}">Later actions</a>` : nothing}</nav>`;
}
