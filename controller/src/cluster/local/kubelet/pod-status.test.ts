import { expect, test } from "vitest";
import { aPod, at, ended, type Runs, running, runsOf, sidecar } from "../../../../test/local-cluster/pod-facts.ts";
import { podStatus } from "./pod-status.ts";

test.each([
  { name: "nothing started yet", runs: {}, phase: "Pending" },
  { name: "the main container runs", runs: { one: running, init: ended(0, 1), main: running }, phase: "Running" },
  {
    name: "the main container ended and a sidecar still runs",
    runs: { one: running, init: ended(0, 1), main: ended(0, 5) },
    phase: "Running",
  },
  {
    name: "all ended and only a sidecar failed",
    runs: { one: ended(9, 6), init: ended(0, 1), main: ended(0, 5) },
    phase: "Succeeded",
  },
  {
    name: "the main container failed",
    runs: { one: ended(0, 6), init: ended(0, 1), main: ended(2, 5) },
    phase: "Failed",
  },
  { name: "an init container failed", runs: { one: ended(0, 6), init: ended(2, 1) }, phase: "Failed" },
])("the phase is $phase when $name", ({ runs, phase }) => {
  const pod = aPod({ initContainers: [sidecar("one"), { name: "init" }] });
  expect(podStatus(pod, runsOf(runs as Runs), { nowMs: at(10), admitted: true }).phase).toBe(phase);
});

test("a condition keeps the time of its last change", () => {
  const pod = aPod();
  const first = podStatus(pod, runsOf({}), { nowMs: at(1), admitted: true });
  const second = podStatus({ ...pod, status: first }, runsOf({ main: running }), { nowMs: at(2), admitted: true });
  const times = (type: string) =>
    [first, second].map((status) => status.conditions?.find((other) => other.type === type)?.lastTransitionTime);
  expect(times("PodScheduled")).toEqual([new Date(at(1)).toISOString(), new Date(at(1)).toISOString()]);
  expect(times("Ready")).toEqual([new Date(at(1)).toISOString(), new Date(at(2)).toISOString()]);
});

test("a pod that waits for room says so as unschedulable, without container statuses", () => {
  const status = podStatus(aPod(), runsOf({}), { nowMs: at(1), admitted: false });
  expect(status).toMatchObject({
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
  });
  expect(status.containerStatuses).toBeUndefined();
});
