/** Where the pages are. The path of a run is the link that the SDK prints; `i` is its parameter for an action. */
import type { ProjectKey, RunKey } from "../identifiers.ts";
import type { RunView } from "./run-view.ts";

export function runsPath({ project, domain }: ProjectKey): string {
  return `/v2/domain/${encodeURIComponent(domain)}/project/${encodeURIComponent(project)}/runs`;
}

export function tasksPath(project: ProjectKey, task: string): string {
  return `${runsPath(project).replace(/runs$/, "tasks")}/${encodeURIComponent(task)}`;
}

export function runPagePath(run: RunKey): string {
  return `${runsPath(run)}/${encodeURIComponent(run.runName)}`;
}

/** `view` under `path`; what it leaves at its default is left out. */
export function viewPath(path: string, view: Partial<RunView>): string {
  const query = new URLSearchParams();
  if (view.action !== undefined && view.action !== "a0") query.set("i", view.action);
  if (view.attempt !== undefined) query.set("attempt", String(view.attempt));
  if (view.filter !== undefined && view.filter !== "all") query.set("show", view.filter);
  if (view.page !== undefined && view.page > 1) query.set("page", String(view.page));
  if (view.fromLine !== undefined) query.set("line", String(view.fromLine));
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** One variable of an attempt, as a file. */
export function dataPath(
  run: RunKey,
  file: { readonly action: string; readonly attempt: number; readonly kind: "input" | "output"; readonly name: string },
): string {
  const query = new URLSearchParams({ i: file.action, attempt: String(file.attempt), [file.kind]: file.name });
  return `${runPagePath(run)}/data?${query.toString()}`;
}

export function attemptPath(run: RunKey, what: "report" | "log", action: string, attempt: number): string {
  const query = new URLSearchParams({ i: action, attempt: String(attempt) });
  return `${runPagePath(run)}/${what}?${query.toString()}`;
}
