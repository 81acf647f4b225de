/** Which Pod and containers to read a task's logs from (contract 6.12). */
import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ContainerContext,
  ContainerContext_ProcessContextSchema,
  ContainerContextSchema,
  type LogContext,
  LogContextSchema,
  PodLogContextSchema,
} from "@flyte-dataplane/proto/flyteidl2/core/execution";
import type { Container, ContainerStatus, Pod } from "./cluster/pod-object.ts";
import { mainContainer } from "./phase.ts";

/** Undefined while no container of the Pod has a status: there is nothing to read yet. */
export function logContext(pod: Pod): LogContext | undefined {
  if ((pod.status?.containerStatuses?.length ?? 0) === 0) return undefined;
  const { name, namespace } = pod.metadata;
  const context = create(PodLogContextSchema, {
    namespace: namespace ?? "",
    podName: name,
    primaryContainerName: mainContainer(pod) ?? "",
    containers: contexts(pod.spec.containers, pod.status?.containerStatuses),
    initContainers: contexts(pod.spec.initContainers ?? [], pod.status?.initContainerStatuses),
  });
  return create(LogContextSchema, { primaryPodName: name, pods: [context] });
}

function contexts(
  containers: readonly Container[],
  statuses: readonly ContainerStatus[] | undefined,
): ContainerContext[] {
  return containers.map(({ name }) => {
    const state = statuses?.find((status) => status.name === name)?.state;
    const start = time(state?.running?.startedAt ?? state?.terminated?.startedAt);
    const end = time(state?.terminated?.finishedAt);
    const process = create(ContainerContext_ProcessContextSchema, {
      ...(start === undefined ? {} : { containerStartTime: start }),
      ...(end === undefined ? {} : { containerEndTime: end }),
    });
    return create(ContainerContextSchema, { containerName: name, process });
  });
}

function time(text: string | undefined): Timestamp | undefined {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? undefined : timestampFromMs(ms);
}
