import type { Effect, Fault, SeenRequest } from "@flyte-dataplane/test-support";

const effects: readonly Effect[] = [
  { kind: "answer", status: 503 },
  { kind: "reset-answer", afterBytes: 100 },
  { kind: "reset-request", afterBytes: 0 },
  { kind: "short-answer", afterBytes: 250_000 },
  { kind: "answer", status: 500, headers: { "retry-after": "0" } },
  { kind: "trickle-answer", bytes: 30, everyMs: 1 },
  { kind: "lost-answer" },
];

/**
 * Every second request that reads meets the next fault of the list, over and over; the one between them passes, so that
 * five attempts suffice. Bodies that arrive as streams cannot be sent twice, and links are asked for by others: both pass.
 */
export function passingFaults(): readonly Fault[] {
  let seen = 0;
  let turn = -1;
  return effects.map((effect, index) => ({
    effect,
    times: Number.POSITIVE_INFINITY,
    when: ({ method, target }: SeenRequest) => {
      if (method === "PUT" || method === "POST" || target.includes("X-Amz-Signature=")) return false;
      // Each fault is asked about each request: the first of them counts it.
      if (index === 0) {
        seen += 1;
        turn = seen % 2 === 0 ? (seen / 2) % effects.length : -1;
      }
      return turn === index;
    },
  }));
}
