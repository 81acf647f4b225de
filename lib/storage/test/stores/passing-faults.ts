import type { Effect, Fault, FaultProxy, SeenRequest, StoreServer } from "@flyte-dataplane/test-support";
import type { Harness, Proof } from "../../src/conformance/harness.ts";
import { s3Harness, withQuickRetry } from "./s3-harness.ts";

/** A store behind a line that breaks now and then, and retries before it. */
export async function breakingHarness(
  server: StoreServer,
  broken: FaultProxy,
  cannotProve: readonly Proof[],
): Promise<Harness> {
  await broken.reset();
  for (const fault of passingFaults(({ target }) => target.includes("list-type=2"))) broken.inject(fault);
  return s3Harness(server, { endpoint: broken.endpoint, wrap: withQuickRetry, cannotProve });
}

const effects: readonly { readonly effect: Effect; readonly breaksBody: boolean }[] = [
  { effect: { kind: "answer", status: 503 }, breaksBody: false },
  { effect: { kind: "reset-answer", afterBytes: 100 }, breaksBody: true },
  { effect: { kind: "reset-request", afterBytes: 0 }, breaksBody: false },
  { effect: { kind: "short-answer", afterBytes: 300 }, breaksBody: true },
  { effect: { kind: "answer", status: 500, headers: { "retry-after": "0" } }, breaksBody: false },
  { effect: { kind: "trickle-answer", bytes: 30, everyMs: 1 }, breaksBody: false },
  { effect: { kind: "lost-answer" }, breaksBody: false },
];

/**
 * Every second request that reads meets the next fault of the list, over and over; the one between them passes, so that
 * five attempts suffice. Bodies that arrive as streams cannot be sent twice, and links are asked for by others: both pass.
 * Bodies break in the answers to what `mayBreak` allows: a read that goes on after a replacement is rightly refused.
 */
export function passingFaults(mayBreak: (request: SeenRequest) => boolean): readonly Fault[] {
  let seen = 0;
  let turn = -1;
  return effects.map(({ effect, breaksBody }, index) => ({
    effect,
    times: Number.POSITIVE_INFINITY,
    when: (request: SeenRequest) => {
      const { method, target } = request;
      if (method === "PUT" || method === "POST" || target.includes("X-Amz-Signature=")) return false;
      // Each fault is asked about each request: the first of them counts it.
      if (index === 0) {
        seen += 1;
        turn = seen % 2 === 0 ? (seen / 2) % effects.length : -1;
      }
      return turn === index && (!breaksBody || mayBreak(request));
    },
  }));
}
