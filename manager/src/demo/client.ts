/**
 * The demo as a client sees it: nothing here knows that the server runs in the same process. Each step is what an SDK does, over HTTP.
 */
import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { DataPlaneError } from "@flyte-dataplane/core";
import { DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import { SelectClusterRequest_Operation } from "@flyte-dataplane/proto/flyteidl2/cluster/payload";
import { ClusterService } from "@flyte-dataplane/proto/flyteidl2/cluster/service";
import { type ActionIdentifier, ProjectIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { BlobType_BlobDimensionality } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { InputsSchema, type Outputs } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { RunSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/run";
import type { TaskSpec } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";
import type { ActionDetails } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { type DemoCase, demoDomain, demoProject } from "./task.ts";

const project = create(ProjectIdentifierSchema, { organization: "demo", name: demoProject, domain: demoDomain });

const terminal: ReadonlySet<ActionPhase> = new Set([
  ActionPhase.SUCCEEDED,
  ActionPhase.FAILED,
  ActionPhase.ABORTED,
  ActionPhase.TIMED_OUT,
  ActionPhase.RECOVERED,
]);

export interface DemoClient {
  /** Sends `file` through a signed URL and gives its storage URI. */
  upload(file: Uint8Array, name: string): Promise<string>;
  /** Creates the run and gives its root action. */
  createRun(task: TaskSpec, words: string, demo: DemoCase): Promise<ActionIdentifier>;
  /** Every state of the action from now to its end. */
  watch(action: ActionIdentifier, signal: AbortSignal): AsyncIterable<ActionDetails>;
  /** Lines of the first attempt's log while they are written. */
  tailLog(action: ActionIdentifier, signal: AbortSignal): AsyncIterable<string>;
  outputs(action: ActionIdentifier): Promise<Outputs>;
  /** SHA-256 (hex) and size of an output file, read through a signed link. */
  downloadOutput(
    action: ActionIdentifier,
    output: string,
  ): Promise<{ readonly sha256: string; readonly bytes: number }>;
}

export function createDemoClient(transport: Transport): DemoClient {
  const cluster = createClient(ClusterService, transport);
  const dataproxy = createClient(DataProxyService, transport);
  const downloads = createClient(DownloadService, transport);
  const runs = createClient(RunService, transport);
  return {
    upload: (file, name) => upload(cluster, dataproxy, file, name),
    createRun: (task, words, demo) => createRun(dataproxy, runs, task, words, demo),
    watch: (action, signal) => watch(runs, action, signal),
    tailLog: (action, signal) => tailLog(dataproxy, action, signal),
    outputs: async (action) => {
      const data = await dataproxy.getActionData({ actionId: action });
      if (data.outputs === undefined) throw new DataPlaneError("data_loss", "demo: the answer holds no outputs");
      return data.outputs;
    },
    downloadOutput: (action, output) => downloadOutput(downloads, action, output),
  };
}

export function isTerminal(phase: ActionPhase): boolean {
  return terminal.has(phase);
}

async function upload(
  cluster: Client<typeof ClusterService>,
  dataproxy: Client<typeof DataProxyService>,
  file: Uint8Array,
  name: string,
): Promise<string> {
  await cluster.selectCluster({
    resource: { case: "projectId", value: project },
    operation: SelectClusterRequest_Operation.CREATE_UPLOAD_LOCATION,
  });
  const md5 = createHash("md5").update(file).digest();
  const location = await dataproxy.createUploadLocation({
    project: demoProject,
    domain: demoDomain,
    org: project.organization,
    filename: name,
    contentMd5: md5,
    contentLength: BigInt(file.byteLength),
    addContentMd5Metadata: true,
  });
  const answer = await fetch(location.signedUrl, {
    method: "PUT",
    headers: { ...location.headers, "Content-MD5": md5.toString("base64") },
    body: Buffer.from(file),
  });
  if (!answer.ok)
    throw new DataPlaneError("unavailable", `upload ${location.nativeUrl}: the server answered ${answer.status}`);
  return location.nativeUrl;
}

async function createRun(
  dataproxy: Client<typeof DataProxyService>,
  runs: Client<typeof RunService>,
  task: TaskSpec,
  words: string,
  demo: DemoCase,
): Promise<ActionIdentifier> {
  const inputs = create(InputsSchema, {
    literals: [
      { name: "greeting", value: text(demo.greeting) },
      { name: "words", value: blob(words) },
    ],
  });
  const uploaded = await dataproxy.uploadInputs({
    id: { case: "projectId", value: project },
    task: { case: "taskSpec", value: task },
    inputs,
  });
  if (uploaded.offloadedInputData === undefined)
    throw new DataPlaneError("data_loss", "upload inputs: the answer names no document");
  const created = await runs.createRun({
    id: { case: "projectId", value: project },
    task: { case: "taskSpec", value: task },
    inputWrapper: { case: "offloadedInputData", value: uploaded.offloadedInputData },
    runSpec: create(RunSpecSchema, {}),
  });
  const action = created.run?.action?.id;
  if (action === undefined) throw new DataPlaneError("data_loss", "create run: the answer names no action");
  return action;
}

async function* watch(
  runs: Client<typeof RunService>,
  action: ActionIdentifier,
  signal: AbortSignal,
): AsyncIterable<ActionDetails> {
  for await (const message of runs.watchActionDetails({ actionId: action }, { signal })) {
    if (message.details === undefined) continue;
    yield message.details;
    if (message.details.status !== undefined && isTerminal(message.details.status.phase)) return;
  }
  throw new DataPlaneError("unavailable", `watch ${action.name}: the stream ended before the action did`);
}

async function* tailLog(
  dataproxy: Client<typeof DataProxyService>,
  action: ActionIdentifier,
  signal: AbortSignal,
): AsyncIterable<string> {
  for await (const batch of dataproxy.tailLogs({ actionId: action, attempt: 1 }, { signal })) {
    for (const logs of batch.logs) for (const line of logs.lines) yield line.message.trimEnd();
  }
}

async function downloadOutput(
  downloads: Client<typeof DownloadService>,
  action: ActionIdentifier,
  output: string,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const link = await downloads.createDataLink({
    actionAttemptId: { actionId: action, attempt: 1 },
    variable: { case: "output", value: output },
  });
  const answer = await fetch(link.signedUrl, { headers: link.headers });
  if (!answer.ok || answer.body === null)
    throw new DataPlaneError("unavailable", `download ${link.nativeUrl}: the server answered ${answer.status}`);
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { sha256: hash.digest("hex"), bytes };
}

function text(value: string): Literal {
  return create(LiteralSchema, {
    value: {
      case: "scalar",
      value: { value: { case: "primitive", value: { value: { case: "stringValue", value } } } },
    },
  });
}

function blob(uri: string): Literal {
  return create(LiteralSchema, {
    value: {
      case: "scalar",
      value: {
        value: {
          case: "blob",
          value: { uri, metadata: { type: { format: "", dimensionality: BlobType_BlobDimensionality.SINGLE } } },
        },
      },
    },
  });
}
