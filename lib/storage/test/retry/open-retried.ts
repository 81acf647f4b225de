import { openMemoryDriver } from "../../src/drivers/memory/driver.ts";
import { StoreAnswer } from "../../src/store-answer.ts";
import { withRetry } from "../../src/with-retry.ts";
import { type Call, type Fault, type FaultyDriver, faulty } from "../faulty-driver.ts";
import { type InstantClock, instantClock } from "../instant-clock.ts";

export interface Opened {
  readonly driver: ReturnType<typeof withRetry>;
  readonly inner: FaultyDriver;
  readonly clock: InstantClock;
}

/** Memory on a bad day, and the retries before it. */
export function openRetried(
  fault: (call: Call) => Fault | undefined,
  policy: Parameters<typeof withRetry>[1] = {},
): Opened {
  const clock = instantClock();
  const inner = faulty(openMemoryDriver({ clock }), fault);
  return { driver: withRetry(inner, policy, { clock, random: () => 0.5 }), inner, clock };
}

/** Refuses the first calls of an operation. */
export function refusing(
  operation: Call["operation"],
  times: number,
  error: () => Error,
): (call: Call) => Fault | undefined {
  return (call) => (call.operation === operation && call.count <= times ? { refuse: error() } : undefined);
}

export const answer = (status: number, code: string, retryAfterMs?: number): StoreAnswer =>
  new StoreAnswer(status, code, { retryAfterMs });
