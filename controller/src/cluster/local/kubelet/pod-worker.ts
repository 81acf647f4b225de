/** Takes one Pod from its creation to its end: reads the files, asks the plan, does what it says, reports the status. */
import type { ChildProcess } from "node:child_process";
import { isDeepStrictEqual } from "node:util";
import { type Clock, type Env, errorCode, type Logger } from "@flyte-dataplane/core";
import type { Container, Pod, PodStatus } from "../../pod-object.ts";
import type { LogStamps } from "../logs/log-stamps.ts";
import type { ContainerVariables } from "./container-environment.ts";
import { containerLaunch, type Launch, type Programs } from "./container-launch.ts";
import { type ContainerRuns, type PodRuns, runReasons } from "./container-run.ts";
import { observeContainer, type SpawnedProcess } from "./observe-run.ts";
import { type PodStep, planPod } from "./plan-pod.ts";
import { type PodDirectory, podDirectory } from "./pod-directory.ts";
import { allContainers } from "./pod-progress.ts";
import type { PodSlots } from "./pod-slots.ts";
import type { WarmUps } from "./pod-start.ts";
import { podStatus } from "./pod-status.ts";
import { PodTurn } from "./pod-turn.ts";
import { signalGroup } from "./process-identity.ts";
import type { Requirements } from "./requirements.ts";
import { createExclusively, writeWhole } from "./small-file.ts";
import { recordFailure, startRun } from "./start-run.ts";
import { passStartupProbe } from "./startup-probe.ts";
import { killStrays } from "./strays.ts";
import { WakeSignal } from "./wake-signal.ts";

export interface PodWorkerOptions {
  /** Absolute; holds one directory per Pod. */
  readonly pods: string;
  readonly programs: Programs;
  readonly requirements: Requirements;
  /** The server's environment. */
  readonly environment: Env;
  /** What a container is told unless its Pod says otherwise; asked at each start. */
  readonly containerVariables: ContainerVariables;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly slots: PodSlots;
  readonly warmUps: WarmUps;
  readonly stamps: LogStamps;
  /** Writes a Pod's status and returns the Pod as it is then; undefined if it is gone, which is no error. */
  readonly report: (pod: Pod, status: PodStatus, signal: AbortSignal) => Promise<Pod | undefined>;
  /** Tells that nothing of a Pod under deletion runs any more. */
  readonly stopped: (pod: Pod, signal: AbortSignal) => Promise<void>;
  /** How many actions stand above the Pod's own. */
  readonly depthOf: (pod: Pod) => number;
}

/** Processes of an earlier server tell nobody that they end, so they are looked at this often. */
const adoptedPollMs = 200;
const firstStartPollMs = 4;

export class PodWorker {
  readonly #options: PodWorkerOptions;
  readonly #directory: PodDirectory;
  readonly #wake = new WakeSignal();
  readonly #children = new Map<string, ChildProcess>();
  readonly #probes = new Map<string, AbortController>();
  readonly #turn: PodTurn;
  #pod: Pod;
  #startPollMs = firstStartPollMs;

  constructor(pod: Pod, options: PodWorkerOptions) {
    this.#pod = pod;
    this.#options = options;
    this.#directory = podDirectory(options.pods, this.#uid);
    this.#turn = new PodTurn(this.#uid, options, () => this.#wake.wake());
  }

  /** The Pod as it is stored now; an older state than one seen before is passed over. */
  update(pod: Pod): void {
    if (versionOf(pod) < versionOf(this.#pod)) return;
    const asksForAction = !isDeepStrictEqual(deletionOf(pod), deletionOf(this.#pod));
    this.#pod = pod;
    if (asksForAction) this.#wake.wake();
  }

  /** Resolves once the Pod has ended, or `signal` aborts; its processes then go on. Failures are logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#wake.wake();
    signal.addEventListener("abort", stop, { once: true });
    try {
      let failures = 0;
      while (!signal.aborted) {
        try {
          if (await this.#pass(signal)) break;
          failures = 0;
        } catch (error) {
          if (signal.aborted) break;
          failures += 1;
          this.#options.logger.error(
            { pod: this.#pod.metadata.name, error: String(error) },
            "pod not advanced; trying again",
          );
          await this.#wake.sleep(this.#options.clock, Math.min(100 * 2 ** failures, 10_000));
        }
      }
    } finally {
      signal.removeEventListener("abort", stop);
      for (const probe of this.#probes.values()) probe.abort();
      this.#turn.end();
    }
  }

  get #uid(): string {
    return this.#pod.metadata.uid ?? "";
  }

  /** One look at the Pod; true when it is over. */
  async #pass(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    const runs = await this.#observe();
    const pod = this.#pod;
    const admitted = this.#turn.ask(runs, this.#options.depthOf(pod));
    const startEndsAtMs = this.#turn.followStart(pod, runs);
    const plan = planPod(pod, runs, { nowMs: clock.now(), admitted });
    const acting = plan.steps.filter((step) => step.do !== "probe");
    for (const step of plan.steps) await this.#perform(step);
    // What was done shows in the files at once; the status is written when there is nothing left to do.
    if (acting.length > 0 && acting.every((step) => step.do !== "kill" && step.do !== "terminate")) return false;
    if (plan.over) await this.#killStrays();
    const status = podStatus(pod, runs, { nowMs: clock.now(), admitted });
    if (!isDeepStrictEqual(status, pod.status)) {
      const reported = await this.#options.report(pod, status, signal);
      if (reported !== undefined) this.update(reported);
      // Its start time, now that it has one, sets its deadline.
      if (pod.status?.startTime === undefined && reported?.status?.startTime !== undefined && !plan.over) return false;
    }
    if (plan.over) {
      if (this.#pod.metadata.deletionTimestamp !== undefined) await this.#options.stopped(this.#pod, signal);
      return true;
    }
    await this.#wake.sleep(clock, this.#sleepMs([plan.lookAtMs, startEndsAtMs], runs));
    return false;
  }

  async #observe(): Promise<PodRuns> {
    const nowMs = this.#options.clock.now();
    const runs = new Map<string, ContainerRuns>();
    for (const container of allContainers(this.#pod)) {
      const spawned = (restart: number): SpawnedProcess => this.#spawned(container, restart);
      const seen = await observeContainer(this.#directory, container, spawned, nowMs);
      if (seen === undefined) continue;
      runs.set(container.name, seen);
      await this.#followLog(container, seen);
    }
    return runs;
  }

  #spawned(container: Container, restart: number): SpawnedProcess {
    const child = this.#children.get(`${container.name}/${restart}`);
    if (child === undefined) return "unknown";
    return child.exitCode === null && child.signalCode === null ? "alive" : "exited";
  }

  async #followLog(container: Container, { current }: ContainerRuns): Promise<void> {
    const run = this.#directory.run(container.name, current.restart);
    if (current.state.kind !== "ended") await this.#options.stamps.follow(run);
    else {
      await this.#options.stamps.finish(run);
      this.#probes.get(`${container.name}/${current.restart}`)?.abort();
    }
  }

  async #perform(step: PodStep): Promise<void> {
    const { container, restart } = step;
    const run = this.#directory.run(container.name, restart);
    const nowMs = this.#options.clock.now();
    switch (step.do) {
      case "start":
        await this.#start(container, restart);
        break;
      case "probe":
        this.#probe(container, restart);
        break;
      case "terminate":
      case "kill":
        await this.#signal(container, restart, step.do === "kill" ? "SIGKILL" : "SIGTERM");
        break;
      case "revoke":
        // Whoever creates `started` owns the run; if a process was quicker, the next look finds it.
        if (await createExclusively(run.started)) {
          const message = "stopped before it was started";
          await recordFailure(run, { exitCode: 137, reason: "Error", message, atMs: nowMs });
        }
        break;
      case "record-loss":
        await this.#recordLoss(container, restart, step.killed);
        break;
    }
  }

  async #start(container: Container, restart: number): Promise<void> {
    const run = this.#directory.run(container.name, restart);
    const { requirements, clock } = this.#options;
    const child = await startRun(run, await this.#launch(container, restart), clock.now(), requirements);
    this.#startPollMs = firstStartPollMs;
    if (child === undefined) return;
    this.#children.set(`${container.name}/${restart}`, child);
    child.once("exit", () => this.#wake.wake());
    await this.#options.stamps.follow(run);
  }

  async #launch(container: Container, restart: number): Promise<Launch> {
    const { programs, environment: server, containerVariables } = this.#options;
    const run = this.#directory.run(container.name, restart);
    const variables = await containerVariables(this.#pod, container);
    return containerLaunch(this.#pod, container, { directory: this.#directory, run, programs, server, variables });
  }

  #probe(container: Container, restart: number): void {
    const key = `${container.name}/${restart}`;
    const probe = container.startupProbe;
    if (probe === undefined || this.#probes.has(key)) return;
    const asking = new AbortController();
    this.#probes.set(key, asking);
    const { clock, logger } = this.#options;
    const words = { ...container, command: probe.exec?.command ?? [], args: [] };
    this.#launch(words, restart)
      .then((launch) => passStartupProbe(probe, launch, clock, asking.signal))
      .then(() => writeWhole(this.#directory.run(container.name, restart).probed, `${clock.now()}\n`))
      .catch((error: unknown) => {
        this.#probes.delete(key);
        if (errorCode(error) !== "canceled")
          logger.warn({ container: container.name, error: String(error) }, "startup probe broke off");
      })
      .finally(() => this.#wake.wake());
  }

  async #signal(container: Container, restart: number, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const runs = await observeContainer(this.#directory, container, () => "unknown", this.#options.clock.now());
    const state = runs?.current.state;
    if (state?.kind !== "running" || runs?.current.restart !== restart) return;
    const { stop } = this.#directory.run(container.name, restart);
    const note = (): Promise<void> => writeWhole(stop, `${this.#options.clock.now()}\n`);
    // A kill is noted before, or its effect would look like a process that got lost; a SIGTERM after, so that a server
    // that dies in between sends it again rather than never.
    if (signal === "SIGKILL" && runs.current.stoppedAtMs === undefined) await note();
    await signalGroup(state.process, signal);
    if (signal === "SIGTERM") await note();
  }

  /** A Pod has ended when none of its processes is left. */
  async #killStrays(): Promise<void> {
    const { clock, logger } = this.#options;
    const processes = await killStrays(new Set([this.#uid]), clock);
    if (processes > 0)
      logger.warn({ pod: this.#pod.metadata.name, processes }, "processes killed that outlived their container");
  }

  async #recordLoss(container: Container, restart: number, killed: boolean): Promise<void> {
    const run = this.#directory.run(container.name, restart);
    const runs = await observeContainer(this.#directory, container, () => "exited", this.#options.clock.now());
    const state = runs?.current.state;
    if (state?.kind !== "vanished" || runs?.current.restart !== restart) return;
    // A run that nobody claimed is claimed here, so that a late process finds it taken.
    if (state.startedAtMs === undefined && !(await createExclusively(run.started))) return;
    if (state.process !== undefined) await signalGroup(state.process, "SIGKILL");
    const reason = killed ? "Error" : runReasons.serverLost;
    const message = killed
      ? "killed, as it did not stop in time"
      : "the process vanished without an exit code: the server or the machine lost it";
    await recordFailure(run, { exitCode: 137, reason, message, atMs: this.#options.clock.now() });
  }

  /** How long nothing can happen that nobody would tell us of. */
  #sleepMs(looksAtMs: readonly (number | undefined)[], runs: PodRuns): number | undefined {
    const nowMs = this.#options.clock.now();
    const times = looksAtMs.filter((time) => time !== undefined).map((time) => Math.max(1, time - nowMs));
    for (const [name, { current }] of runs) {
      const isOurs = this.#children.has(`${name}/${current.restart}`);
      if (current.state.kind === "running" && !isOurs) times.push(adoptedPollMs);
      if (current.state.kind === "starting") {
        times.push(this.#startPollMs);
        this.#startPollMs = Math.min(this.#startPollMs * 2, adoptedPollMs);
      }
    }
    return times.length === 0 ? undefined : Math.min(...times);
  }
}

/** The store counts its versions, so that of two states of one object the newer can be told. */
function versionOf({ metadata }: Pod): number {
  return Number(metadata.resourceVersion ?? 0);
}

function deletionOf({ metadata }: Pod): readonly unknown[] {
  return [metadata.deletionTimestamp, metadata.deletionGracePeriodSeconds];
}
