/**
 * What a Pod's status says about its task (contract 6.10). Pure: the caller gives the time and what it remembers, and
 * reads the task's files itself where `files` says that they have the last word.
 */
import { downloaderContainer, inputDownloadFailed, primaryContainerAnnotation } from "@flyte-dataplane/core";
import type { ContainerStatus, ContainerTerminated, Pod } from "./cluster/pod-object.ts";
import { type Failure, systemFailure, userFailure } from "./failure.ts";
import { pendingVerdict } from "./pending-phase.ts";
import type { PodKnowledge, Verdict } from "./verdict.ts";

export function podVerdict(pod: Pod, knowledge: PodKnowledge): Verdict {
  const verdict = phaseVerdict(pod, knowledge);
  if (verdict.kind === "live" && pod.metadata.deletionTimestamp !== undefined) {
    return failed(systemFailure("UnexpectedObjectDeletion", "the Pod is being deleted by someone else"));
  }
  return verdict;
}

function phaseVerdict(pod: Pod, knowledge: PodKnowledge): Verdict {
  const lost = disrupted(pod);
  switch (pod.status?.phase) {
    case undefined:
    case "Pending":
      return lost ?? toolMissing(pod) ?? pendingVerdict(pod, knowledge);
    case "Unknown":
      return { kind: "unchanged" };
    case "Succeeded":
      return outOfMemory(pod) ?? { kind: "success" };
    case "Failed":
      return lost ?? toolMissing(pod) ?? outOfMemory(pod) ?? exitVerdict(pod, knowledge);
    case "Running":
      return lost ?? toolMissing(pod) ?? runningVerdict(pod, knowledge);
  }
}

/** Name of the container whose end is the task's end; undefined when all of them together are the task. */
function primaryContainer(pod: Pod): string | undefined {
  return pod.metadata.annotations?.[primaryContainerAnnotation];
}

/** The container that stands for the task where one has to be chosen: logs, exit codes, times. */
export function mainContainer(pod: Pod): string | undefined {
  return (
    pod.metadata.annotations?.["kubectl.kubernetes.io/default-container"] ??
    primaryContainer(pod) ??
    pod.spec.containers.find((container) => container.name === pod.metadata.name)?.name ??
    pod.spec.containers[0]?.name
  );
}

function runningVerdict(pod: Pod, knowledge: PodKnowledge): Verdict {
  const running: Verdict = { kind: "live", phase: "PhaseRunning", reason: "" };
  const primary = primaryContainer(pod);
  // Without a primary the kubelet's own verdict is awaited: a sidecar may still be publishing what the task wrote.
  if (primary === undefined) return running;
  const status = pod.status?.containerStatuses?.find((candidate) => candidate.name === primary);
  if (status === undefined) {
    if (pod.spec.containers.some((container) => container.name === primary)) return running;
    return failed(userFailure("PrimaryContainerNotFound", `the Pod has no container named "${primary}"`, "none"));
  }
  const ended = terminated(status);
  if (ended === undefined) return running;
  return outOfMemory(pod) ?? (ended.exitCode === 0 ? { kind: "success" } : exitVerdict(pod, knowledge));
}

const disruptions = new Set([
  "Preempting",
  "NodeLost",
  "Shutdown",
  "NodeShutdown",
  "Terminated",
  "NodeAffinity",
  "UnexpectedAdmissionError",
]);
const ownOveruse =
  /exceeds the total limit|exceeded its local ephemeral storage limit|exceeds the limit|exceeds its request/i;

function disrupted(pod: Pod): Verdict | undefined {
  const reason = pod.status?.reason ?? "";
  const message = pod.status?.message ?? "";
  if (reason === "Evicted" && ownOveruse.test(message)) return failed(userFailure("Evicted", message));
  const target = pod.status?.conditions?.find(
    (condition) => condition.type === "DisruptionTarget" && condition.status === "True",
  );
  if (target !== undefined && pod.status?.phase !== "Running")
    return failed(systemFailure("Interrupted", target.message ?? target.reason ?? reason));
  if (reason !== "Evicted" && !disruptions.has(reason) && !reason.startsWith("Outof")) return undefined;
  return failed(systemFailure("Interrupted", message === "" ? `the Pod was stopped by its node: ${reason}` : message));
}

/** The local cluster has no images: a tool that is not on the machine stays absent however often it is tried. */
function toolMissing(pod: Pod): Verdict | undefined {
  for (const { state } of statuses(pod)) {
    const found = [state?.terminated, state?.waiting].find(
      (candidate) => candidate?.reason === "ContainerToolNotFound",
    );
    if (found !== undefined)
      return failed(
        userFailure("ContainerToolNotFound", found.message ?? "the container's command does not exist", "none"),
      );
  }
  return undefined;
}

function outOfMemory(pod: Pod): Verdict | undefined {
  const primary = mainContainer(pod);
  const candidates = [...statuses(pod)].sort((a, b) => Number(b.name === primary) - Number(a.name === primary));
  for (const status of candidates) {
    const ended = terminated(status);
    if (ended?.reason?.includes("OOMKilled") === true)
      return failed(userFailure(ended.reason, describe(status.name, ended)));
  }
  return undefined;
}

function exitVerdict(pod: Pod, { killedBefore }: PodKnowledge): Verdict {
  const init = (pod.status?.initContainerStatuses ?? []).find(
    (status) => !isSidecar(pod, status.name) && (terminated(status)?.exitCode ?? 0) !== 0,
  );
  if (init !== undefined) return initVerdict(init);
  const primary = mainContainer(pod);
  const failures = (pod.status?.containerStatuses ?? []).filter((status) => (terminated(status)?.exitCode ?? 0) !== 0);
  const status = failures.find((candidate) => candidate.name === primary) ?? failures[0];
  const ended = status === undefined ? undefined : terminated(status);
  if (status === undefined || ended === undefined) {
    return failed(
      systemFailure("UnknownError", pod.status?.message ?? "the Pod failed and none of its containers says why"),
    );
  }
  const message = describe(status.name, ended);
  const deleting = pod.metadata.deletionTimestamp !== undefined;
  if (ended.exitCode === 137 || ended.exitCode === 247) {
    if (deleting || !killedBefore) return failed({ ...systemFailure("Interrupted", message), killed: !deleting });
    return failed(userFailure("SIGKILL", message));
  }
  if (ended.exitCode === 143 && deleting) return failed(systemFailure("Interrupted", message));
  const code = ended.reason === undefined || ended.reason === "" ? "ContainerFailed" : ended.reason;
  return { kind: "failure", failure: userFailure(code, message), files: ended.exitCode < 128 };
}

function initVerdict(status: ContainerStatus): Verdict {
  const ended = terminated(status);
  const message = ended === undefined ? "an init container failed" : describe(status.name, ended);
  if (status.name !== downloaderContainer)
    return { kind: "failure", failure: userFailure("InitContainerFailed", message), files: true };
  // The downloader tells in its document whose fault it was; without one its message is all there is.
  const own = /origin:? ?system|unavailable|deadline_exceeded/i.test(ended?.message ?? "");
  const failure = own ? systemFailure("DownloadFailed", message) : userFailure(inputDownloadFailed, message);
  return { kind: "failure", failure, files: true };
}

function isSidecar(pod: Pod, name: string): boolean {
  return (
    pod.spec.initContainers?.some((container) => container.name === name && container.restartPolicy === "Always") ??
    false
  );
}

function* statuses(pod: Pod): Generator<ContainerStatus> {
  yield* pod.status?.initContainerStatuses ?? [];
  yield* pod.status?.containerStatuses ?? [];
}

/** How a container ended for good: its present end, or the last one of a container that is being restarted. */
function terminated(status: ContainerStatus): ContainerTerminated | undefined {
  return status.state?.terminated ?? (status.state?.running === undefined ? status.lastState?.terminated : undefined);
}

/** One line on how the container ended, then what it left as its last words. */
function describe(name: string, ended: ContainerTerminated): string {
  return `\r\n[${name}] terminated with exit code (${ended.exitCode}). Reason [${ended.reason ?? ""}]. Message:\n${ended.message ?? ""}`;
}

function failed(failure: Failure): Verdict {
  return { kind: "failure", failure, files: false };
}
