import type { Clock } from "@flyte-dataplane/core";
import type { Pod } from "../../pod-object.ts";
import type { PodRuns } from "./container-run.ts";
import type { PodSlots } from "./pod-slots.ts";
import { startOverAtMs, type WarmUps } from "./pod-start.ts";

export interface PodTurnOptions {
  readonly slots: PodSlots;
  readonly warmUps: WarmUps;
  readonly clock: Clock;
}

/** One Pod's part in sharing the machine: waits for its turn, starts, runs, makes room. */
export class PodTurn {
  readonly #options: PodTurnOptions;
  readonly #uid: string;
  readonly #admitted: () => void;
  /** While the Pod counts among those that start. */
  #admittedAtMs: number | undefined;

  /** `admitted` is called when it is worth asking again. */
  constructor(uid: string, options: PodTurnOptions, admitted: () => void) {
    this.#uid = uid;
    this.#options = options;
    this.#admitted = admitted;
  }

  /** True once the Pod may start, or has; `depth` counts the actions above its own. */
  ask(runs: PodRuns, depth: number): boolean {
    const { slots, clock } = this.#options;
    if (runs.size > 0) {
      slots.hold(this.#uid, depth);
      return true;
    }
    if (!slots.ask(this.#uid, depth, this.#admitted)) return false;
    this.#admittedAtMs ??= clock.now();
    return true;
  }

  /** Lets others start once the Pod has; until then the time when that will be, in milliseconds since the epoch. */
  followStart(pod: Pod, runs: PodRuns): number | undefined {
    const { slots, warmUps, clock } = this.#options;
    if (this.#admittedAtMs === undefined) return undefined;
    const overAtMs = startOverAtMs(pod, runs, { admittedAtMs: this.#admittedAtMs, warmUps });
    if (clock.now() < overAtMs) return overAtMs;
    this.#admittedAtMs = undefined;
    slots.started(this.#uid);
    return undefined;
  }

  /** For good. */
  end(): void {
    this.#options.slots.release(this.#uid);
  }
}
