/** What one run of the storm is: decided by seed and number alone, so that it can be had again. */
import { randomFor } from "../../tools/fuzz/random.mjs";

export type StormKind =
  /** The task left what it declares. */
  | "whole"
  /** It left nothing of one output. */
  | "missing"
  /** It said itself what went wrong. */
  | "error"
  /** The store never takes the data, so that the time limit passes. */
  | "late";

export interface StormPlan {
  readonly kind: StormKind;
  /** Bytes of the file among the outputs. */
  readonly fileBytes: number;
  /** Files of the folder among the outputs. */
  readonly folderFiles: number;
  /** Milliseconds from `started` to the first SIGTERM, and from there to each further one. */
  readonly signals: readonly number[];
}

const kinds: readonly StormKind[] = ["whole", "whole", "whole", "whole", "whole", "whole", "missing", "error", "late"];

export function stormPlan(seed: number, index: number): StormPlan {
  const random = randomFor(seed, index);
  const below = (limit: number): number => Math.floor(random() * limit);
  const kind = kinds[below(kinds.length)] ?? "whole";
  // One in fifty is so large that it goes up in parts.
  const fileBytes = below(50) === 0 ? 34 * 1024 * 1024 : below(512 * 1024);
  const folderFiles = below(20);
  const first = below(4) === 0 ? 0 : below(300);
  const further = Array.from({ length: below(3) }, () => below(400));
  return { kind, fileBytes, folderFiles, signals: [first, ...further] };
}

/** Milliseconds from the start of the program to its one SIGTERM, in a run that does not wait for `started`. */
export function earlySignal(seed: number, index: number): number {
  return Math.floor(randomFor(seed ^ 0x5eed, index)() * earlyWindowMs);
}

/** Half a processor is through its start by then. */
const earlyWindowMs = 400;
