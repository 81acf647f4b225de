import fc from "fast-check";
import { expect, test } from "vitest";
import {
  aPod,
  at,
  ended,
  prepared,
  probe,
  type Runs,
  running,
  runsOf,
  sidecar,
} from "../../../../test/local-cluster/pod-facts.ts";
import type { Pod } from "../../pod-object.ts";
import type { RunState } from "./container-run.ts";
import { planPod } from "./plan-pod.ts";

function plan(pod: Pod, runs: Runs, second: number, admitted = true) {
  const { steps, lookAtMs, over } = planPod(pod, runsOf(runs), { nowMs: at(second), admitted });
  const texts = steps.map((step) => `${step.do} ${step.container.name}/${step.restart}`);
  return { steps: texts, look: lookAtMs === undefined ? undefined : (lookAtMs - at(0)) / 1_000, over };
}

const idle = { steps: [], look: undefined, over: false };
const chain = { initContainers: [sidecar("one"), { name: "init" }, sidecar("two", { startupProbe: probe })] };

test.each([
  {
    name: "a new pod starts its main containers together",
    pod: aPod({ containers: [{ name: "a" }, { name: "b" }] }),
    runs: {},
    now: 0,
    result: { ...idle, steps: ["start a/0", "start b/0"] },
  },
  { name: "a pod without room starts nothing", pod: aPod(), runs: {}, now: 0, admitted: false, result: idle },
  {
    name: "the first init container goes first",
    pod: aPod(chain),
    runs: {},
    now: 0,
    result: { ...idle, steps: ["start one/0"] },
  },
  {
    name: "a running sidecar without probe lets the next one start",
    pod: aPod(chain),
    runs: { one: running },
    now: 0,
    result: { ...idle, steps: ["start init/0"] },
  },
  {
    name: "an init container under way holds up what follows",
    pod: aPod(chain),
    runs: { one: running, init: running },
    now: 0,
    result: idle,
  },
  {
    name: "a sidecar is asked until its probe passes",
    pod: aPod(chain),
    runs: { one: running, init: ended(0, 1), two: running },
    now: 2,
    result: { ...idle, steps: ["probe two/0"], look: 30 },
  },
  {
    name: "a passed probe lets the main container start",
    pod: aPod(chain),
    runs: { one: running, init: ended(0, 1), two: { restart: 0, state: running, probedAtMs: at(1) } },
    now: 2,
    result: { ...idle, steps: ["start main/0"] },
  },
  {
    name: "a probe that never passed stops the container",
    pod: aPod(chain),
    runs: { one: running, init: ended(0, 1), two: running },
    now: 30,
    result: { ...idle, steps: ["terminate two/0"], look: 60 },
  },
  {
    name: "a run that nobody claimed is started again",
    pod: aPod(),
    runs: { main: prepared },
    now: 5,
    result: { ...idle, steps: ["start main/0"] },
  },
  {
    name: "a sidecar that fell is started again at once the first time",
    pod: aPod(chain),
    runs: { one: ended(1, 5) },
    now: 5,
    result: { ...idle, steps: ["start one/1"] },
  },
  {
    name: "a sidecar that fell twice waits 10 s",
    pod: aPod(chain),
    runs: { one: { restart: 1, state: ended(1, 5) } },
    now: 6,
    result: { ...idle, look: 15 },
  },
  {
    name: "a sidecar that fell four times waits 40 s",
    pod: aPod(chain),
    runs: { one: { restart: 3, state: ended(1, 5) } },
    now: 6,
    result: { ...idle, look: 45 },
  },
  {
    name: "a sidecar that is down does not hold up a main container that runs",
    pod: aPod(chain),
    runs: {
      one: { restart: 1, state: ended(1, 5) },
      init: ended(0, 1),
      two: { restart: 0, state: running, probedAtMs: at(1) },
      main: running,
    },
    now: 6,
    result: { ...idle, look: 15 },
  },
  {
    name: "a vanished process is written down before anything else",
    pod: aPod(),
    runs: { main: { kind: "vanished" } as const },
    now: 5,
    result: { steps: ["record-loss main/0"], look: 5, over: false },
  },
  {
    name: "a failed init container stops the sidecars",
    pod: aPod(chain),
    runs: { one: running, init: ended(1, 5) },
    now: 5,
    result: { ...idle, steps: ["terminate one/0"], look: 35 },
  },
  {
    name: "when the main container has ended the last sidecar is stopped first",
    pod: aPod(chain),
    runs: { one: running, init: ended(0, 1), two: running, main: ended(0, 5) },
    now: 5,
    result: { ...idle, steps: ["terminate two/0"], look: 35 },
  },
  {
    name: "the sidecar before it waits for its end",
    pod: aPod(chain),
    runs: {
      one: running,
      init: ended(0, 1),
      two: { restart: 0, state: running, stoppedAtMs: at(5) },
      main: ended(0, 5),
    },
    now: 6,
    result: { ...idle, look: 35 },
  },
  {
    name: "when the time is up all sidecars are killed",
    pod: aPod(chain),
    runs: {
      one: running,
      init: ended(0, 1),
      two: { restart: 0, state: running, stoppedAtMs: at(5) },
      main: ended(0, 5),
    },
    now: 35,
    result: { ...idle, steps: ["kill one/0", "kill two/0"] },
  },
  {
    name: "a pod under deletion stops its main containers before its sidecars",
    pod: aPod({ ...chain, deletedAt: 10 }),
    runs: { one: running, init: ended(0, 1), two: running, main: running },
    now: 10,
    result: { ...idle, steps: ["terminate main/0"], look: 40 },
  },
  {
    name: "a container that started this very moment is not stopped before its command can hear it",
    pod: aPod({ deletedAt: 0 }),
    runs: { main: running },
    now: 0,
    result: { ...idle, look: 0.1 },
  },
  {
    name: "a pod under deletion starts nothing",
    pod: aPod({ deletedAt: 10 }),
    runs: {},
    now: 10,
    result: { ...idle, over: true },
  },
  {
    name: "a run that may still appear is revoked under deletion",
    pod: aPod({ deletedAt: 10 }),
    runs: { main: prepared },
    now: 10,
    result: { ...idle, steps: ["revoke main/0"] },
  },
  {
    name: "the active deadline stops the pod",
    pod: aPod({ activeDeadlineSeconds: 20 }),
    runs: { main: running },
    now: 20,
    result: { ...idle, steps: ["terminate main/0"], look: 50 },
  },
  {
    name: "before the active deadline the next look is at it",
    pod: aPod({ activeDeadlineSeconds: 20 }),
    runs: { main: running },
    now: 3,
    result: { ...idle, look: 20 },
  },
  {
    name: "a pod is over once everything has ended",
    pod: aPod(chain),
    runs: { one: ended(0, 6), init: ended(0, 1), two: ended(9, 6), main: ended(0, 5) },
    now: 7,
    result: { ...idle, over: true },
  },
  {
    name: "a missing program is not tried again",
    pod: aPod({ restartPolicy: "Always" }),
    runs: { main: ended(127, 1, "ContainerToolNotFound") },
    now: 1,
    result: { ...idle, over: true },
  },
  {
    name: "restartPolicy OnFailure starts a failed container again",
    pod: aPod({ restartPolicy: "OnFailure" }),
    runs: { main: ended(1, 1) },
    now: 1,
    result: { ...idle, steps: ["start main/1"] },
  },
  {
    name: "restartPolicy OnFailure leaves a successful container",
    pod: aPod({ restartPolicy: "OnFailure" }),
    runs: { main: ended(0, 1) },
    now: 1,
    result: { ...idle, over: true },
  },
])("$name", ({ pod, runs, now, admitted, result }) => {
  expect(plan(pod, runs as Runs, now, admitted)).toEqual(result);
});

/** Whatever the files say, the kubelet must come to an end by only following its own plan. */
test("a pod under deletion whose processes obey is over after finitely many steps", () => {
  const names = ["one", "init", "two", "main"];
  const state = fc.constantFrom<RunState | undefined>(
    undefined,
    prepared,
    { kind: "starting" },
    running,
    { kind: "vanished" },
    ended(0, 1),
    ended(1, 1),
  );
  fc.assert(
    fc.property(fc.tuple(state, state, state, state), fc.integer({ min: 1, max: 100 }), (states, now) => {
      const runs = new Map<string, RunState>();
      states.forEach((value, index) => value !== undefined && runs.set(names[index] ?? "", value));
      const pod = aPod({ ...chain, deletedAt: 0 });
      let steps = 0;
      for (let over = false; !over; steps += 1) {
        expect(steps).toBeLessThan(20);
        // A process that was started has said who it is by now.
        for (const [name, value] of runs) if (value.kind === "starting") runs.set(name, running);
        const planned = planPod(pod, runsOf(Object.fromEntries(runs)), { nowMs: at(now), admitted: true });
        for (const step of planned.steps) {
          expect(step.do).not.toBe("start");
          runs.set(step.container.name, ended(143, now));
        }
        over = planned.over;
        if (!over) expect(planned.steps.length).toBeGreaterThan(0);
      }
      expect([...runs.values()].every(({ kind }) => kind === "ended")).toBe(true);
    }),
  );
});
