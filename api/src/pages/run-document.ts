/** The page of one run, whole. */
import type { RunKey } from "../identifiers.ts";
import { isTerminal } from "../runs/phases.ts";
import { runPagePath, viewPath } from "./addresses.ts";
import { documentText } from "./document.ts";
import { type Html, html } from "./html.ts";
import { logPart } from "./log-part.ts";
import { readLogWindow } from "./log-window.ts";
import type { PagesDeps } from "./pages-deps.ts";
import { emptyMemory, loadRun, logRefOf, type RunState, runMain, runTitle } from "./run-page.ts";
import type { RunView } from "./run-view.ts";
import { stepsOf } from "./runs-page.ts";

/** Rejects with `not_found` and `invalid_argument` as `loadRun` does; what cannot be read beside the rows leaves its reason. */
export async function runDocument(deps: PagesDeps, run: RunKey, view: RunView, signal: AbortSignal): Promise<string> {
  const state = await loadRun(deps, run, view, emptyMemory(), signal);
  const log = await logOf(deps, run, view, state, signal);
  const over = isTerminal(state.root.row.phase) && isTerminal(state.chosen.row.phase);
  return documentText({
    title: runTitle(run, state),
    steps: [...stepsOf({ project: run }), { name: run.runName }],
    main: runMain(run, state, log),
    ...(over ? {} : { live: viewPath(`${runPagePath(run)}/live`, view) }),
  });
}

async function logOf(deps: PagesDeps, run: RunKey, view: RunView, state: RunState, signal: AbortSignal): Promise<Html> {
  const { attempt } = state;
  const actionId = logRefOf(state)?.actionId;
  if (attempt === undefined || actionId === undefined) return html`<p class="quiet">There is no log, or not yet.</p>`;
  const wish = { actionId, attempt: attempt.attempt, fromLine: view.fromLine, live: !isTerminal(attempt.phase) };
  return logPart({ run, view, attempt: attempt.attempt }, await readLogWindow(deps, wish, signal));
}
