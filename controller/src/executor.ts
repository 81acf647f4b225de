/** Keeps looking at actions: observes, asks reconcile, delivers its events, makes its writes (contract section 4). */
import {
  backoffDelay,
  type Clock,
  currentAttempt,
  DataPlaneError,
  decodeLiteralMap,
  errorCode,
  type Logger,
  type Metrics,
  podName,
  type TaskAction,
} from "@flyte-dataplane/core";
import type { LiteralMap } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { readObject } from "@flyte-dataplane/storage";
import type { Pod } from "./cluster/pod-object.ts";
import { actionEvent } from "./events/action-event.ts";
import type { EventOutbox, Ticket } from "./events/outbox.ts";
import { readFiles } from "./files.ts";
import type { Change } from "./informer.ts";
import { ownedBy } from "./ownership.ts";
import { type EventDraft, inOrder, type Observation, type Plan, type Policy, type Write } from "./plan.ts";
import { createPodIndex } from "./pod-index.ts";
import { createKeyedQueue, priorities } from "./queue.ts";
import { reconcile } from "./reconcile.ts";
import { readTask, type Task } from "./task.ts";
import { perform, type WriteTools } from "./writes.ts";

export interface ExecutorOptions extends WriteTools {
  readonly outbox: EventOutbox;
  readonly policy: Policy;
  /** Name of this cluster in events. */
  readonly clusterName: string;
  readonly workers: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
}

export interface Executor {
  /** Runs until `signal` aborts and the passes under way have ended. */
  run(signal: AbortSignal): Promise<void>;
}

type Asked = Pick<Observation, "files" | "cache" | "inputs" | "published" | "refusal">;

/** More steps than any action needs; a plan that never settles is a defect to be seen, not a hot loop. */
const maxSteps = 24;
/** How long a pass holds its worker for an event; the action comes back to it later. */
const eventWaitMs = 5_000;
const maxInputsBytes = 10 * 1024 * 1024;

export function createExecutor(options: ExecutorOptions): Executor {
  const { actions, pods, clock, logger, metrics, outbox, policy } = options;
  const index = createPodIndex(pods);
  const met = new Set<string>();
  const passes = metrics.counter({
    name: "controller_passes_total",
    help: "Looks at an action, by outcome.",
    labels: ["result"],
  });
  const backlog = metrics.gauge({
    name: "controller_actions_due",
    help: "Actions that are to be looked at and wait for a worker.",
  });
  const tellBacklog = (): void => backlog.set(queue.due);
  const queue = createKeyedQueue({
    clock,
    workers: options.workers,
    backoff: (failures) => backoffDelay({ baseMs: 50, maxMs: 60_000 }, failures, options.random),
    onFailure: (key, error, failures) => {
      passes.add(1, { result: "error" });
      logger.warn({ action: key, failures, err: error }, "pass failed, trying again");
    },
  });

  const onAction = (change: Change<TaskAction>): void => {
    const { name, uid, deletionTimestamp } = change.object.metadata;
    if (change.type === "deleted") {
      met.delete(uid ?? "");
      queue.forget(name);
    } else if (!change.own) {
      queue.add(
        name,
        deletionTimestamp !== undefined
          ? priorities.deletion
          : change.type === "added"
            ? priorities.fresh
            : priorities.transition,
      );
    }
    tellBacklog();
  };

  const onPod = ({ object, own }: Change<Pod>): void => {
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true)?.name;
    if (owner !== undefined && !own && actions.get(owner) !== undefined) queue.add(owner, priorities.transition);
  };

  const observe = (action: TaskAction, asked: Asked): Observation => {
    const pod = pods.get(podName(action.metadata.name, currentAttempt(action)));
    return {
      action,
      ...(pod === undefined ? {} : { pod }),
      strays: index.ownedBy(action).filter((other) => other !== pod && ownedBy(other, action)),
      nowMs: clock.now(),
      random: options.random(),
      firstLook: !met.has(action.metadata.uid ?? ""),
      policy,
      ...asked,
    };
  };

  const ask = async (part: "files" | "cache" | "inputs", action: TaskAction, signal: AbortSignal): Promise<Asked> => {
    const task = requireTask(action);
    if (part === "files") return { files: await readFiles(options.stores, task.prefix, signal) };
    if (part === "cache") return { cache: await options.cache.lookUp(action, task, signal) };
    return { inputs: await readInputs(task, signal) };
  };

  const readInputs = async (task: Task, signal: AbortSignal): Promise<LiteralMap> =>
    decodeLiteralMap(
      await readObject(options.stores, task.inputsUri, { maxBytes: maxInputsBytes, signal }),
      task.inputsUri,
    );

  const offer = (action: TaskAction, drafts: readonly EventDraft[]): readonly Offered[] => {
    const context = { cluster: options.clusterName, nowMs: clock.now() };
    return drafts.map((draft) => {
      const awaited = draft.gate !== undefined;
      return { draft, ticket: outbox.offer(actionEvent(action, draft, context), { awaited }) };
    });
  };

  /** True when everything that writes wait for was accepted, false when their patience ran out. */
  const accepted = async (offered: readonly Offered[], name: string, signal: AbortSignal): Promise<boolean> => {
    let all = true;
    for (const { draft, ticket } of offered) {
      if (draft.gate === undefined || (await acceptedSoon(ticket, clock, signal))) continue;
      if (clock.now() - ticket.offeredMs < draft.gate.patienceMs) {
        throw new DataPlaneError("unavailable", `report ${name}: the events service has not taken the event yet`, {
          ref: name,
        });
      }
      all = false;
    }
    return all;
  };

  const carryOut = async (plan: Plan, action: TaskAction, signal: AbortSignal): Promise<Asked> => {
    const { name } = action.metadata;
    const { before, after } = inOrder(plan.events);
    const told = await accepted(offer(action, before), name, signal);
    const rest = [...after];
    let learned: Asked = {};
    for (const write of plan.writes) {
      learned = { ...learned, ...(await perform(told ? write : withPendingEvent(write), action, options, signal)) };
      // Once the status stands its event's key is taken for good, and nothing that comes next may keep it from going out.
      if (write.kind === "patch-status") offer(action, rest.splice(0));
    }
    offer(action, rest);
    return learned;
  };

  const refresh = async (name: string, signal: AbortSignal): Promise<void> => {
    try {
      await actions.write(name, () => options.cluster.taskActions.get(name, { signal }));
    } catch (error) {
      if (errorCode(error) !== "not_found") throw error;
    }
  };

  const pass = async (name: string, signal: AbortSignal): Promise<void> => {
    tellBacklog();
    let asked: Asked = {};
    for (let step = 0; step < maxSteps; step += 1) {
      const action = actions.get(name);
      if (action === undefined) return;
      const plan = reconcile(observe(action, asked));
      if (plan.next.kind === "needs") {
        asked = { ...asked, ...(await ask(plan.next.part, action, signal)) };
        continue;
      }
      try {
        const learned = await carryOut(plan, action, signal);
        // A new status is a new situation: what was read for the old one no longer holds.
        asked = plan.writes.some(({ kind }) => kind === "patch-status") ? {} : { ...asked, ...learned };
      } catch (error) {
        const code = errorCode(error);
        if (code === "not_found") return await refresh(name, signal);
        if (code !== "aborted") throw error;
        await refresh(name, signal);
        asked = {};
        continue;
      }
      met.add(action.metadata.uid ?? "");
      passes.add(1, { result: plan.writes.length === 0 ? "unchanged" : "changed" });
      if (plan.next.kind === "now") continue;
      if (plan.next.kind === "at") queue.add(name, priorities.timer, plan.next.ms - clock.now());
      return;
    }
    throw new DataPlaneError("internal", `reconcile ${name}: still not settled after ${maxSteps} steps`, { ref: name });
  };

  return {
    run: async (signal) => {
      const leave = [actions.subscribe(onAction), pods.subscribe(onPod)];
      try {
        await Promise.all([actions.synced(signal), pods.synced(signal)]);
        for (const action of actions.all()) queue.add(action.metadata.name, priorities.fresh);
        await queue.run(pass, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        for (const unsubscribe of leave) unsubscribe();
      }
    },
  };
}

interface Offered {
  readonly draft: EventDraft;
  readonly ticket: Ticket;
}

async function acceptedSoon({ settled }: Ticket, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const timer = new AbortController();
  const leave = (): void => timer.abort();
  signal.addEventListener("abort", leave, { once: true });
  const late = clock.sleep(eventWaitMs, { signal: timer.signal }).then(
    () => false,
    () => false,
  );
  const accepted = await Promise.race([settled.then(() => true), late]);
  timer.abort();
  signal.removeEventListener("abort", leave);
  return accepted;
}

function withPendingEvent(write: Write): Write {
  return write.kind === "patch-status"
    ? { ...write, status: { ...write.status, ctl: { ...write.status.ctl, eventPending: true } } }
    : write;
}

function requireTask(action: TaskAction): Task {
  const reading = readTask(action);
  if (reading.kind === "task") return reading.task;
  throw new DataPlaneError("internal", `read ${action.metadata.name}: ${reading.failure.message}`, {
    ref: action.metadata.name,
  });
}
