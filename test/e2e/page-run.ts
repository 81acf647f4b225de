/** A run with something of everything that a page shows: actions that succeeded, failed and still run, and hostile words. */
import { create } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ActionsService } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { ProjectIdentifierSchema, type RunIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { outputFolder, type RawTask, taskSpec } from "./raw-task.ts";

export interface PageRun {
  readonly name: string;
  /** Path of the run's page. */
  readonly path: string;
  /** Resolves when the action is in the phase. */
  reached(action: string, phase: ActionPhase): Promise<void>;
}

/** What a page must never take for its own. */
const hostileName = `<script>document.title="owned"</script><img src=x onerror="document.title='owned'">`;

const project = create(ProjectIdentifierSchema, { name: "flytesnacks", domain: "development" });

/** The root and the action `slow` run until there is a file at `until`. `base` is where outputs may lie. */
export async function startPageRun(
  url: string,
  { until, base }: { readonly until: string; readonly base: string },
): Promise<PageRun> {
  const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1", useBinaryFormat: true });
  const runs = createClient(RunService, transport);
  const waiting = (every: string) =>
    `i=0; while [ ! -e '${until}' ]; do i=$((i+1)); ${every}; sleep 0.2; done; echo over`;
  const root: RawTask = { command: `echo adding up; ${waiting("true")}` };
  const uri = await uploadedUri(transport, root);
  const created = await runs.createRun({
    id: { case: "projectId", value: project },
    task: { case: "taskSpec", value: named(root, "report") },
    inputWrapper: { case: "offloadedInputData", value: { uri, inputsHash: "none" } },
    runSpec: { labels: { values: { team: "sums" } } },
  });
  const run = created.run?.action?.id?.run;
  if (run === undefined) throw new Error("the answer names no run");
  const reached = (action: string, phase: ActionPhase) => waitFor(transport, run, action, phase);
  await reached("a0", ActionPhase.RUNNING);
  const { inputsUri } = await runs.getActionDataURIs({ actionId: { run, name: "a0" } });
  const children: readonly (readonly [string, string, string, RawTask])[] = [
    ["quick", "rows", "check", { command: `echo a,b > ${outputFolder}/rows`, outputs: { rows: "file" } }],
    ["broken", "columns", "check", { command: "echo 'line 17: expected 4 columns, found <3>' >&2; exit 3" }],
    ["slow", "collect", "", { command: waiting("printf '\\033[32mrow group %s\\033[0m\\n' $i") }],
    ["hostile", hostileName, "", { command: ["printf", "%s\n", `${hostileName}</ol></main>\u001b]0;title\u0007`] }],
  ];
  for (const [name, shortName, group, task] of children) {
    await createClient(ActionsService, transport).enqueue({
      action: {
        actionId: { run, name },
        parentActionName: "a0",
        inputUri: inputsUri,
        runOutputBase: `${base}/${run.name}`,
        group,
        spec: {
          case: "task",
          value: {
            id: { project: project.name, domain: project.domain, name: `report.${name}`, version: "1" },
            spec: named(task, shortName),
          },
        },
      },
    });
  }
  return { name: run.name, path: `/v2/domain/development/project/flytesnacks/runs/${run.name}`, reached };
}

function named(task: RawTask, shortName: string) {
  return { ...taskSpec(task), shortName };
}

async function uploadedUri(transport: Transport, task: RawTask): Promise<string> {
  const { offloadedInputData } = await createClient(DataProxyService, transport).uploadInputs({
    id: { case: "projectId", value: project },
    task: { case: "taskSpec", value: taskSpec(task) },
    inputs: create(InputsSchema),
  });
  return offloadedInputData?.uri ?? "";
}

async function waitFor(transport: Transport, run: RunIdentifier, action: string, phase: ActionPhase): Promise<void> {
  const runs = createClient(RunService, transport);
  const stop = new AbortController();
  const watch = runs.watchActions(
    { runId: run },
    { signal: AbortSignal.any([stop.signal, AbortSignal.timeout(90_000)]) },
  );
  for await (const { enrichedActions } of watch) {
    const found = enrichedActions.find((entry) => entry.action?.id?.name === action)?.action?.status?.phase;
    if (found !== phase) continue;
    stop.abort();
    return;
  }
}
