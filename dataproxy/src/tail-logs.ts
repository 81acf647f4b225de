import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { DataPlaneError } from "@flyte-dataplane/core";
import {
  type ActionAttemptIdentifier,
  ActionAttemptIdentifierSchema,
} from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import type { PodLogContext } from "@flyte-dataplane/proto/flyteidl2/core/execution";
import type { TailLogsRequest } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { ContainerIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/logs/dataplane/payload";
import { EncodedMessage } from "@flyte-dataplane/runtime/server";
import { archivedLog } from "./archived-log.ts";
import type { Admitted } from "./gate.ts";
import { keepAlive } from "./keep-alive.ts";
import { createLineEncoder } from "./line-encoder.ts";
import type { ReadLogOptions } from "./log-reader.ts";
import { mergeStreams } from "./merge-streams.ts";
import type { DataproxyParts } from "./options.ts";
import { absent, invalid } from "./refusal.ts";

const operation = "tail logs";

/** SDKs pass over it. */
const emptyMessage = new EncodedMessage(new Uint8Array());

/** Lines in one message at most; what the SDK's renderer was made for. */
const maxLines = 100;

/**
 * The log of an attempt's primary container, or of the pods selected: lines already written, then new ones until the containers have ended.
 * `not_found` before there is a container to read, which SDKs answer by asking again.
 */
export async function* tailLogs(
  options: DataproxyParts,
  request: TailLogsRequest,
  { access, signal }: Admitted,
): AsyncIterable<EncodedMessage> {
  if (request.actionId === undefined) throw invalid(operation, "action_id is missing");
  if (request.attempt === 0) throw invalid(operation, "attempt counts from 1");
  const { actionId, attempt } = request;
  const { logContext, cluster } = await options.runs.getActionLogContext({ actionId, attempt }, { signal });
  if (logContext === undefined) throw absent(operation, "the attempt has no log yet");
  const pods = selectPods(request, logContext.pods, logContext.primaryPodName);
  const id = create(ActionAttemptIdentifierSchema, { actionId, attempt });
  // A stream that ends before its source does, for silence, takes that along.
  const over = new AbortController();
  const reading = AbortSignal.any([signal, over.signal]);
  const streams = pods.map((pod) => podLog(options, id, pod, cluster, reading));
  // Of several pods a missing one must not fail the others; a single one is what the caller asked about.
  const lines =
    streams.length === 1 && streams[0] !== undefined ? streams[0] : mergeStreams(streams, { tolerate: ["not_found"] });
  const { heartbeat, idleTimeout } = options.config.logs;
  const end = options.gate.beginStream(access);
  try {
    yield* keepAlive(lines, {
      clock: options.clock,
      beatMs: heartbeat,
      beat: emptyMessage,
      idleMs: idleTimeout,
    });
  } finally {
    end();
    over.abort();
  }
}

function selectPods(
  request: TailLogsRequest,
  pods: readonly PodLogContext[],
  primary: string,
): readonly PodLogContext[] {
  const { podSelector } = request;
  if (podSelector.case === "allPods" && podSelector.value) {
    if (pods.length === 0) throw absent(operation, "the attempt has no pods");
    return pods;
  }
  const name = podSelector.case === "podName" ? podSelector.value : primary;
  const pod = pods.find((entry) => entry.podName === name);
  if (name === "" || pod === undefined) throw absent(operation, `the attempt has no pod "${name}"`);
  return [pod];
}

async function* podLog(
  options: DataproxyParts,
  id: ActionAttemptIdentifier,
  pod: PodLogContext,
  cluster: string,
  signal: AbortSignal,
): AsyncIterable<EncodedMessage> {
  const container = pod.containers.find((entry) => entry.containerName === pod.primaryContainerName);
  if (container === undefined)
    throw absent(operation, `pod "${pod.podName}" has no container "${pod.primaryContainerName}"`);
  const start = container.process?.containerStartTime;
  const { logs, config } = options;
  const read: ReadLogOptions =
    start === undefined
      ? { tailLines: config.logs.maxLinesWithoutStart, signal }
      : { since: timestampMs(start), signal };
  const source = create(ContainerIdentifierSchema, {
    clusterName: cluster,
    kubernetesNamespace: pod.namespace,
    kubernetesPodName: pod.podName,
    kubernetesContainerName: container.containerName,
  });
  const encode = createLineEncoder(source, config.logs.stripLineEndings);
  const ref = { namespace: pod.namespace, pod: pod.podName, container: container.containerName };
  for await (const entries of liveOrArchived(logs.read(ref, read), () =>
    archivedLog(options, operation, id, ref, signal),
  )) {
    for (let from = 0; from < entries.length; from += maxLines) {
      const batch = entries.slice(from, from + maxLines);
      options.figures.sent(batch);
      yield encode(batch);
    }
  }
}

/** The live lines; those of the archive where there is nothing live any more. */
async function* liveOrArchived<T>(live: AsyncIterable<T>, archived: () => AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* live;
  } catch (error) {
    if (!(error instanceof DataPlaneError) || error.code !== "not_found") throw error;
    yield* archived();
  }
}
