/** A list of runs, newest first: of everything, of a project in a domain, or of one task there. */
import { create } from "@bufbuild/protobuf";
import { ListRequestSchema, Sort_Direction } from "@flyte-dataplane/proto/flyteidl2/common/list";
import type { Run } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { type ListRunsRequest, ListRunsRequestSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import type { ProjectKey, RunKey } from "../identifiers.ts";
import { listRuns } from "../runs/list-runs.ts";
import { runPagePath, runsPath, tasksPath } from "./addresses.ts";
import { documentText, type Step } from "./document.ts";
import { type Html, html, nothing } from "./html.ts";
import type { PagesDeps } from "./pages-deps.ts";
import { phaseChip } from "./phase-mark.ts";
import { instant, span } from "./time-text.ts";

export interface RunsScope {
  /** Absent: every project. */
  readonly project?: ProjectKey;
  /** Full name; only with a project. */
  readonly task?: string;
}

const runsPerPage = 50;

/** `token` is what the page before named; `invalid_argument` for one that no page of this list did. */
export async function runsPage(deps: PagesDeps, scope: RunsScope, token: string): Promise<string> {
  const { runs, token: next } = await listRuns(
    deps.database,
    create(ListRunsRequestSchema, {
      scopeBy: scopeOf(scope),
      request: create(ListRequestSchema, {
        limit: runsPerPage,
        token,
        sortByFields: [{ key: "created_at", direction: Sort_Direction.DESCENDING }],
      }),
    }),
  );
  const title = scope.task === undefined ? "Runs" : `Runs of ${scope.task}`;
  const path = pathOf(scope);
  const nowMs = deps.clock.now();
  const main = html`<div class="title"><h1>${title}</h1>${about(scope)}</div>
${runs.length === 0 ? emptyPart(token !== "") : table(runs, scope, nowMs)}
${turnPages(path, token, next)}`;
  return documentText({ title: `${title} · Flyte`, steps: stepsOf(scope), main });
}

function turnPages(path: string, token: string, next: string): Html {
  if (token === "" && next === "") return nothing;
  return html`<nav class="turn" aria-label="Pages of runs">${token === "" ? nothing : html`<a href="${path}">Newest runs</a>`} ${next === "" ? nothing : html`<a rel="next" href="${path}?token=${encodeURIComponent(next)}">Older runs</a>`}</nav>`;
}

function scopeOf({ project, task }: RunsScope): ListRunsRequest["scopeBy"] {
  if (project === undefined) return { case: undefined };
  const { project: name, domain } = project;
  const message = create(ListRunsRequestSchema, {
    scopeBy:
      task === undefined
        ? { case: "projectId", value: { name, domain } }
        : { case: "taskName", value: { project: name, domain, name: task } },
  });
  return message.scopeBy;
}

function pathOf({ project, task }: RunsScope): string {
  if (project === undefined) return "/";
  return task === undefined ? runsPath(project) : tasksPath(project, task);
}

export function stepsOf({ project, task }: RunsScope): readonly Step[] {
  return [
    { name: "All runs", path: "/" },
    ...(project === undefined ? [] : [{ name: `${project.project} / ${project.domain}`, path: runsPath(project) }]),
    ...(task === undefined ? [] : [{ name: task }]),
  ];
}

function about({ project }: RunsScope): Html {
  return project === undefined
    ? html`<p class="quiet">The newest runs of every project on this server.</p>`
    : html`<p class="quiet">In ${project.project} / ${project.domain}, newest first.</p>`;
}

function emptyPart(paged: boolean): Html {
  if (paged) return html`<p>There are no older runs.</p>`;
  return html`<p>There are no runs yet. <code>flyte run hello.py main</code> starts one.</p>`;
}

function table(runs: readonly Run[], scope: RunsScope, nowMs: number): Html {
  const everywhere = scope.project === undefined;
  return html`<div class="wide" tabindex="0" role="region" aria-label="Runs"><table>
<thead><tr><th scope="col">Run</th><th scope="col">Phase</th>${everywhere ? html`<th scope="col">Project</th>` : nothing}<th scope="col">Started</th><th scope="col">Took</th></tr></thead>
<tbody>${runs.map((run) => row(run, everywhere, nowMs))}</tbody></table></div>`;
}

function row({ action }: Run, everywhere: boolean, nowMs: number): Html {
  const { metadata, status } = action ?? {};
  const { project = "", domain = "", name = "" } = action?.id?.run ?? {};
  const key: RunKey = { project, domain, runName: name };
  const spec = metadata?.spec.case === "task" ? metadata.spec.value : undefined;
  const task = spec?.shortName || metadata?.funtionName || spec?.id?.name || "";
  return html`<tr><th scope="row"><a href="${runPagePath(key)}">${name}</a> <span class="note">${task}</span></th><td>${phaseChip(status?.phase ?? 0)}</td>${
    everywhere ? html`<td><a href="${runsPath(key)}">${project} / ${domain}</a></td>` : nothing
  }<td>${instant(status?.startTime)}</td><td>${span(status?.startTime, status?.endTime, nowMs)}</td></tr>`;
}
