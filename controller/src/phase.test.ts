import { expect, test } from "vitest";
import type { ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from "./cluster/pod-object.ts";
import { podVerdict } from "./phase.ts";
import type { PodKnowledge } from "./verdict.ts";

const nowMs = Date.UTC(2026, 0, 2);
const minute = 60_000;
const knowledge: PodKnowledge = {
  nowMs,
  grace: { createContainerError: 3 * minute, createContainerConfigError: 0, imagePullBackOff: 3 * minute, pending: 0 },
  killedBefore: false,
};

const aPod = (status: PodStatus, extra: Partial<Pod["metadata"]> = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", uid: "u", annotations: { primary_container_name: "main" }, ...extra },
  spec: {
    containers: [{ name: "main" }, { name: "side" }],
    initContainers: [{ name: "first" }, { name: "guard", restartPolicy: "Always" }],
  },
  status,
});

const container = (name: string, state: ContainerState): ContainerStatus => ({
  name,
  ready: false,
  restartCount: 0,
  state,
});
const ended = (exitCode: number, reason?: string): ContainerState => ({
  terminated: { exitCode, ...(reason === undefined ? {} : { reason }) },
});
const since = (ms: number): string => new Date(nowMs - ms).toISOString();
const notReady = (agoMs: number): PodCondition => ({
  type: "Ready",
  status: "False",
  reason: "ContainersNotReady",
  message: "not ready",
  lastTransitionTime: since(agoMs),
});

const waitingPod = (reason: string, agoMs: number, message = ""): Pod =>
  aPod({
    phase: "Pending",
    conditions: [notReady(agoMs)],
    containerStatuses: [container("main", { waiting: { reason, message } })],
  });

test.each([
  ["ErrImagePull", 1_000, "PhaseInitializing"],
  ["ContainerCreating", 60 * minute, "PhaseInitializing"],
  ["PodInitializing", 60 * minute, "PhaseInitializing"],
  ["ImagePullBackOff", 2 * minute, "PhaseInitializing"],
  ["CreateContainerError", 2 * minute, "PhaseInitializing"],
] as const)(
  "a pending Pod whose container waits for %s since %d ms is initializing [controller 107]",
  (reason, agoMs, phase) => {
    expect(podVerdict(waitingPod(reason, agoMs), knowledge)).toMatchObject({
      kind: "live",
      phase,
      reason: `[ContainersNotReady|${reason}]: not ready|`,
    });
  },
);

test.each([
  ["ImagePullBackOff", 3 * minute, "", "USER", "retry"],
  ["ImagePullBackOff", 3 * minute, "429 Too Many Requests", "SYSTEM", "relaunch"],
  ["ErrImagePull", 3 * minute, "", "USER", "retry"],
  ["CreateContainerError", 3 * minute, "", "USER", "none"],
  ["CreateContainerConfigError", 0, "", "USER", "none"],
  ["InvalidImageName", 0, "", "USER", "none"],
  ["RunContainerError", 0, "", "SYSTEM", "relaunch"],
  ["CrashLoopBackOff", 0, "", "SYSTEM", "relaunch"],
] as const)(
  "a pending Pod whose container waits for %s since %d ms (%s) fails as %s, %s [controller 107]",
  (reason, agoMs, message, kind, recovery) => {
    const verdict = podVerdict(waitingPod(reason, agoMs, message), knowledge);
    expect(verdict).toMatchObject({
      kind: "failure",
      failure: { code: `ContainersNotReady|${reason}`, kind, recovery },
    });
  },
);

test("the first waiting init container is looked at before any other container [controller 107]", () => {
  const pod = aPod({
    phase: "Pending",
    conditions: [notReady(0)],
    initContainerStatuses: [container("first", { waiting: { reason: "InvalidImageName" } })],
    containerStatuses: [container("main", { waiting: { reason: "PodInitializing" } })],
  });
  expect(podVerdict(pod, knowledge)).toMatchObject({ failure: { code: "ContainersNotReady|InvalidImageName" } });
});

test("a grace period that has not ended names the moment to look again", () => {
  expect(podVerdict(waitingPod("ImagePullBackOff", minute), knowledge)).toMatchObject({
    lookAgainAtMs: nowMs + 2 * minute,
  });
});

test.each([
  ["Unschedulable", "PhaseWaitingForResources"],
  ["SchedulingGated", "PhaseQueued"],
] as const)("a Pod that is not scheduled for the reason %s is %s", (reason, phase) => {
  const pod = aPod({
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "False", reason, message: "0/3 nodes" }],
  });
  expect(podVerdict(pod, knowledge)).toEqual({ kind: "live", phase, reason: `${reason}:0/3 nodes` });
});

test("a Pod pending beyond the operator's limit is launched again", () => {
  const pod = aPod({ phase: "Pending" }, { creationTimestamp: since(10 * minute) });
  const grace = { ...knowledge.grace, pending: 5 * minute };
  expect(podVerdict(pod, { ...knowledge, grace })).toMatchObject({
    failure: { code: "PodPendingTimeout", recovery: "relaunch" },
  });
});

const runningWith = (
  state: ContainerState,
  phase: "Running" | "Failed" = "Running",
  extra: Partial<Pod["metadata"]> = {},
): Pod => aPod({ phase, containerStatuses: [container("main", state), container("side", { running: {} })] }, extra);

const deleting = { deletionTimestamp: since(0) };

test.each([
  ["exit 0 beside a running sidecar", runningWith(ended(0)), { kind: "success" }],
  [
    "a primary that is not in the statuses yet",
    aPod({ phase: "Running", containerStatuses: [] }),
    { kind: "live", phase: "PhaseRunning" },
  ],
  ["an unknown phase", aPod({ phase: "Unknown" }), { kind: "unchanged" }],
] as const)("%s is told as such [controller 109]", (_, pod, verdict) => {
  expect(podVerdict(pod, knowledge)).toMatchObject(verdict);
});

test("a primary that the Pod does not have fails the task for good [controller 109]", () => {
  const pod = aPod({ phase: "Running", containerStatuses: [] }, { annotations: { primary_container_name: "ghost" } });
  expect(podVerdict(pod, knowledge)).toMatchObject({
    failure: { code: "PrimaryContainerNotFound", kind: "USER", recovery: "none" },
  });
});

for (const phase of ["Running", "Failed"] as const) {
  test.each([
    ["exit 1", ended(1, "Error"), {}, "Error", "USER", "retry"],
    ["exit 1 without a reason", ended(1), {}, "ContainerFailed", "USER", "retry"],
    ["exit 139", ended(139, "Error"), {}, "Error", "USER", "retry"],
    ["out of memory", ended(137, "OOMKilled"), {}, "OOMKilled", "USER", "retry"],
    ["exit 137", ended(137, "Error"), {}, "Interrupted", "SYSTEM", "relaunch"],
    ["exit 247", ended(247, "Error"), {}, "Interrupted", "SYSTEM", "relaunch"],
    ["exit 143 while being deleted", ended(143, "Error"), deleting, "Interrupted", "SYSTEM", "relaunch"],
    ["exit 143 by itself", ended(143, "Error"), {}, "Error", "USER", "retry"],
    ["a tool that does not exist", ended(127, "ContainerToolNotFound"), {}, "ContainerToolNotFound", "USER", "none"],
  ] as const)(`seen as ${phase}: %s`, (_, state, extra, code, kind, recovery) => {
    expect(podVerdict(runningWith(state, phase, extra), knowledge)).toMatchObject({
      kind: "failure",
      failure: { code, kind, recovery },
    });
  });
}

test("a second kill in a row that nobody accounts for is the task's own", () => {
  expect(podVerdict(runningWith(ended(137, "Error")), { ...knowledge, killedBefore: true })).toMatchObject({
    failure: { code: "SIGKILL", kind: "USER" },
  });
});

test.each([
  "Evicted",
  "Preempting",
  "NodeLost",
  "Shutdown",
  "NodeShutdown",
  "Terminated",
  "NodeAffinity",
  "UnexpectedAdmissionError",
  "Outofcpu",
])("a Pod that its node stopped with the reason %s is launched again", (reason) => {
  expect(podVerdict(aPod({ phase: "Failed", reason }), knowledge)).toMatchObject({
    failure: { code: "Interrupted", kind: "SYSTEM", recovery: "relaunch" },
  });
});

test("an eviction for the Pod's own overuse is the task's own failure", () => {
  const pod = aPod({
    phase: "Failed",
    reason: "Evicted",
    message: "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.",
  });
  expect(podVerdict(pod, knowledge)).toMatchObject({ failure: { code: "Evicted", kind: "USER", recovery: "retry" } });
});

test("a Pod marked as disrupted failed for the cluster's reasons, whatever its exit code", () => {
  const conditions = [
    { type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI", message: "drained" },
  ] as const;
  const pod = aPod({ phase: "Failed", conditions, containerStatuses: [container("main", ended(1, "Error"))] });
  expect(podVerdict(pod, knowledge)).toMatchObject({
    failure: { code: "Interrupted", kind: "SYSTEM", message: "drained" },
  });
});

test("a failed init container is named; a sidecar's end does not count", () => {
  const init = (name: string, exitCode: number): Pod =>
    aPod({
      phase: "Failed",
      initContainerStatuses: [container(name, ended(exitCode))],
      containerStatuses: [container("main", ended(2, "Error"))],
    });
  expect(podVerdict(init("first", 4), knowledge)).toMatchObject({
    failure: { code: "InitContainerFailed", kind: "USER" },
  });
  expect(podVerdict(init("guard", 4), knowledge)).toMatchObject({ failure: { code: "Error" } });
});

test("a failed Pod without any container's account is the system's failure", () => {
  expect(podVerdict(aPod({ phase: "Failed" }), knowledge)).toMatchObject({
    failure: { code: "UnknownError", kind: "SYSTEM" },
  });
});

test("a live Pod that someone deletes is lost", () => {
  expect(podVerdict(runningWith({ running: {} }, "Running", deleting), knowledge)).toMatchObject({
    failure: { code: "UnexpectedObjectDeletion", kind: "SYSTEM" },
  });
});

test("without a primary the kubelet's verdict is awaited", () => {
  const pod = runningWith(ended(1), "Running", { annotations: {} });
  expect(podVerdict(pod, knowledge)).toMatchObject({ kind: "live", phase: "PhaseRunning" });
});
