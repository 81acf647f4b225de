/**
 * Reconcile in a world that crashes, lags and loses Pods at random moments. The world keeps the promises that the real
 * one keeps: conditional writes, Pods by name, events by key, and a cache that is never older than our own writes. A Pod that has ended stays until somebody
 * deletes it: if its object went between the report of its end and the status, nothing would tell how it ended.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { currentAttempt, isTerminal, podName, type TaskAction } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { TaskTemplateSchema } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import { loadConfig } from "@flyte-dataplane/runtime/config";
import fc from "fast-check";
import { expect, test } from "vitest";
import { actionPhase, isTerminalPhase } from "./action-phase.ts";
import type { Pod } from "./cluster/pod-object.ts";
import { type PodDefaults, pluginsSection } from "./config.ts";
import { type EventDraft, type Files, inOrder, type Observation, type Plan, type Write } from "./plan.ts";
import { reconcile } from "./reconcile.ts";
import { statusPatch } from "./status.ts";

const template = toBinary(
  TaskTemplateSchema,
  create(TaskTemplateSchema, {
    type: "container",
    metadata: { retries: { retries: 2 } },
    target: { case: "container", value: { image: "i", command: ["c"] } },
  }),
);

type Step =
  | { readonly kind: "pass"; readonly crashAfter: number; readonly lag: boolean }
  | { readonly kind: "kubelet"; readonly fate: Fate }
  | { readonly kind: "time"; readonly ms: number };
type Fate = "run" | "succeed" | "fail" | "kill" | "vanish" | "remove";

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      crashAfter: fc.integer({ min: 0, max: 6 }),
      lag: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("kubelet" as const),
      fate: fc.constantFrom<Fate>("run", "run", "succeed", "fail", "kill", "vanish", "remove"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.integer({ min: 1, max: 120_000 }) }) },
);

/** What must be true at every moment, whoever looks. */
function hold(truth: boolean, rule: string): void {
  if (!truth) throw new Error(`broken: ${rule}`);
}

class Crash extends Error {}
class Conflict extends Error {}

class World {
  nowMs = Date.UTC(2026, 0, 2);
  version = 1;
  action: TaskAction = {
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: {
      name: "r-a0",
      namespace: "flyte",
      uid: "action",
      resourceVersion: "1",
      creationTimestamp: new Date(this.nowMs).toISOString(),
    },
    spec: {
      runName: "r",
      project: "p",
      domain: "d",
      actionName: "a0",
      taskType: "container",
      taskTemplate: Buffer.from(template).toString("base64"),
      inputUri: "/d/in",
      runOutputBase: "/d",
    },
  };
  pods = new Map<string, Pod>();
  /** What a lagging cache shows: Pods as they were, but for those that we made since. */
  shown = new Map<string, Pod>();
  files: Files = {};
  launched: string[] = [];
  /** First content wins, as in the run service. */
  events = new Map<string, EventDraft>();
  firstLook = true;

  observe(asked: Partial<Observation>, lag: boolean): Observation {
    const pods = lag ? this.shown : this.pods;
    const name = podName("r-a0", currentAttempt(this.action));
    const pod = pods.get(name);
    return {
      action: this.action,
      ...(pod === undefined ? {} : { pod }),
      strays: [...pods.values()].filter(({ metadata }) => metadata.name !== name),
      nowMs: this.nowMs,
      random: 0.5,
      firstLook: this.firstLook,
      policy,
      ...asked,
    };
  }

  /** One look, as the executor makes it, up to the `crashAfter`-th delivery or write. */
  pass(crashAfter: number, lag: boolean): void {
    let left = crashAfter;
    const spend = (): void => {
      if (left === 0) throw new Crash();
      left -= 1;
    };
    try {
      let asked: Partial<Observation> = {};
      for (let turn = 0; turn < 24; turn += 1) {
        const plan = reconcile(this.observe(asked, lag));
        if (plan.next.kind === "needs") {
          hold(plan.next.part === "files", "only files are asked for");
          asked = { files: this.files };
          continue;
        }
        this.carryOut(plan, spend);
        this.firstLook = false;
        if (plan.next.kind !== "now") return;
        if (plan.writes.some(({ kind }) => kind === "patch-status")) asked = {};
      }
      throw new Error("a look that does not settle");
    } catch (error) {
      if (error instanceof Conflict) return;
      if (!(error instanceof Crash)) throw error;
      // A new process begins with a fresh list.
      this.firstLook = true;
      this.shown = new Map(this.pods);
    }
  }

  carryOut(plan: Plan, spend: () => void): void {
    const { before, after } = inOrder(plan.events);
    for (const event of before) this.deliver(event, spend);
    const rest = [...after];
    for (const write of plan.writes) {
      spend();
      this.write(write);
      if (write.kind === "patch-status") for (const event of rest.splice(0)) this.deliver(event, spend);
    }
    for (const event of rest) this.deliver(event, spend);
  }

  deliver(event: EventDraft, spend: () => void): void {
    spend();
    const key = `${event.attempt}/${event.phase}/${event.version}`;
    const known = this.events.get(key);
    if (known === undefined) this.events.set(key, event);
    // A repetition tells the same, if perhaps in fewer words.
    else hold(tale(event) === tale(known), `${key} tells one thing only`);
  }

  write(write: Write): void {
    switch (write.kind) {
      case "patch-status": {
        const patch = statusPatch(this.action, write.status, this.nowMs);
        if (
          (patch["metadata"] as { resourceVersion?: string }).resourceVersion !== this.action.metadata.resourceVersion
        )
          throw new Conflict();
        hold(!isTerminal(this.action), "a terminal status is not written again");
        this.change({ status: { ...this.action.status, ...(patch["status"] as object) } });
        return;
      }
      case "add-finalizer":
        return this.change({ metadata: { ...this.action.metadata, finalizers: ["flyte.org/plugin-finalizer"] } });
      case "finish":
        return this.change({
          metadata: {
            ...this.action.metadata,
            finalizers: [],
            labels: { "flyte.org/termination-status": "terminated", "flyte.org/completed-time": "t" },
          },
        });
      case "create-pod":
        return this.createPod(write.pod);
      case "delete-pod":
        return this.deletePod(write.pod);
      case "remove-files":
        this.files = {};
        return;
      default:
        return;
    }
  }

  change(next: Partial<TaskAction>): void {
    this.version += 1;
    const merged = { ...this.action, ...next };
    this.action = { ...merged, metadata: { ...merged.metadata, resourceVersion: String(this.version) } };
  }

  createPod(pod: Pod): void {
    const { name } = pod.metadata;
    hold(!isTerminal(this.action), "no Pod is made for an ended action");
    hold(this.action.metadata.finalizers?.length === 1, "the finalizer stands before the Pod");
    const standing = this.pods.get(name);
    if (standing === undefined) {
      this.launched.push(name);
      this.setPod({
        ...pod,
        metadata: {
          ...pod.metadata,
          uid: `${name}/${this.launched.length}`,
          creationTimestamp: new Date(this.nowMs).toISOString(),
        },
        status: { phase: "Pending" },
      });
    }
    // Made or found, the executor takes it in.
    const known = this.pods.get(name);
    if (known !== undefined) this.shown.set(name, known);
  }

  deletePod({ metadata }: Pod): void {
    const standing = this.pods.get(metadata.name);
    if (standing === undefined || standing.metadata.uid !== metadata.uid) return;
    this.setPod({
      ...standing,
      metadata: { ...standing.metadata, deletionTimestamp: new Date(this.nowMs).toISOString() },
    });
  }

  setPod(pod: Pod): void {
    this.pods.set(pod.metadata.name, pod);
  }

  kubelet(fate: Fate): void {
    for (const pod of new Map(this.pods).values()) {
      const running = pod.status?.phase === "Running";
      const name = pod.spec.containers[0]?.name ?? "";
      const ended = (exitCode: number): void =>
        this.setPod({
          ...pod,
          status: {
            phase: exitCode === 0 ? "Succeeded" : "Failed",
            containerStatuses: [
              { name, ready: false, restartCount: 0, state: { terminated: { exitCode, reason: "Error" } } },
            ],
          },
        });
      if (fate === "run" && pod.status?.phase === "Pending") {
        this.setPod({
          ...pod,
          status: {
            phase: "Running",
            containerStatuses: [{ name, ready: true, restartCount: 0, state: { running: {} } }],
          },
        });
      } else if (fate === "succeed" && running) ended(0);
      else if (fate === "fail" && running) ended(1);
      else if (fate === "kill" && running) ended(137);
      else if (fate === "vanish" && (running || pod.status?.phase === "Pending")) this.pods.delete(pod.metadata.name);
      else if (fate === "remove" && pod.metadata.deletionTimestamp !== undefined) this.pods.delete(pod.metadata.name);
    }
  }
}

function tale({ message, failure, cacheStatus }: EventDraft): string {
  return JSON.stringify({ message: message.slice(0, 256), code: failure?.code, cacheStatus });
}

const defaults: PodDefaults = loadConfig([pluginsSection] as never, { env: {} }).get(pluginsSection).k8s;

const policy: Observation["policy"] = {
  maxSystemFailures: 3,
  systemFailureResetAfterMs: 300_000,
  relaunchDelay: { baseMs: 1_000, capMs: 60_000 },
  safetyPollMs: 300_000,
  maxOutputBytes: 1_000,
  timeoutsEnabled: true,
  terminalPatienceMs: 600_000,
  deleteSucceededPods: false,
  grace: { createContainerError: 0, createContainerConfigError: 0, imagePullBackOff: 0, pending: 0 },
  pod: { defaults, serviceAccount: "" },
};

const never = Number.POSITIVE_INFINITY;

test("whatever is lost on the way, an action ends exactly once, and so does each of its attempts [controller 94,X36]", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (story) => {
      const world = new World();
      for (const step of story) {
        if (step.kind === "pass") world.pass(step.crashAfter, step.lag);
        else if (step.kind === "kubelet") world.kubelet(step.fate);
        else world.nowMs += step.ms;
        // A cache that does not lag for ever.
        if (step.kind === "time") world.shown = new Map(world.pods);
      }
      for (
        let turn = 0;
        turn < 60 && !(isTerminal(world.action) && world.action.metadata.finalizers?.length === 0);
        turn += 1
      ) {
        world.shown = new Map(world.pods);
        world.pass(never, false);
        world.kubelet("remove");
        world.kubelet("run");
        world.pass(never, false);
        world.kubelet("succeed");
        world.nowMs += 60_000;
      }

      expect(isTerminal(world.action)).toBe(true);
      const events = [...world.events.values()];
      const attempts = currentAttempt(world.action);
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        const ends = events.filter((event) => event.attempt === attempt && isTerminalPhase(event.phase));
        expect(new Set(ends.map(({ phase }) => phase)).size).toBe(1);
      }
      expect(events.filter(({ attempt }) => attempt > attempts)).toEqual([]);
      const last = events.find((event) => event.attempt === attempts && isTerminalPhase(event.phase));
      expect(last?.phase).toBe(actionPhase(world.action));
      expect(attempts).toBeLessThanOrEqual(3);
      // The system's budget bounds the launches of every attempt.
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        expect(world.launched.filter((name) => name === podName("r-a0", attempt)).length).toBeLessThanOrEqual(5);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("an ended action is left alone by every later look", () => {
  const world = new World();
  world.pass(never, false);
  world.kubelet("run");
  world.kubelet("succeed");
  world.pass(never, false);
  const ended = world.action;
  expect(actionPhase(ended)).toBe(ActionPhase.SUCCEEDED);
  for (const fate of ["fail", "kill", "vanish"] as const) {
    world.kubelet(fate);
    world.pass(never, false);
  }
  expect(world.action).toEqual(ended);
  expect(world.launched).toEqual(["r-a0-0"]);
});
