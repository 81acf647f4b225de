import type { Fault } from "@flyte-dataplane/test-support";
import type { FaultName } from "./cells.ts";
import type { Operation } from "./operations.ts";

const busy = "<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>";
const full = "<Error><Code>XMinioStorageFull</Code><Message>no space left</Message></Error>";
const refused = "<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>";

/** The fault as the proxy does it; undefined where it comes from elsewhere. */
export function faultAt(name: FaultName, { victim, direction, cutAt }: Operation): Fault | undefined {
  const up = direction === "up";
  switch (name) {
    case "a reset after some bytes":
      return {
        when: victim,
        effect: up ? { kind: "reset-request", afterBytes: cutAt } : { kind: "reset-answer", afterBytes: cutAt },
      };
    case "a body cut short":
      // The answer to an upload has no body: all of it is lost, and nobody knows whether the store has done its work.
      return { when: victim, effect: up ? { kind: "lost-answer" } : { kind: "short-answer", afterBytes: cutAt } };
    case "503 and then success":
      return { when: victim, times: 2, effect: { kind: "answer", status: 503, body: busy } };
    case "503 for ever":
      return { when: victim, times: Number.POSITIVE_INFINITY, effect: { kind: "answer", status: 503, body: busy } };
    case "a stall":
      return {
        when: victim,
        effect: up ? { kind: "stall-request", afterBytes: cutAt } : { kind: "stall-answer", afterBytes: cutAt },
      };
    case "a slow start":
      return {
        when: victim,
        effect: { kind: up ? "trickle-request" : "trickle-answer", bytes: 100, everyMs: 2 },
      };
    case "a full disk":
      return {
        when: ({ method }) => method === "PUT",
        times: Number.POSITIVE_INFINITY,
        effect: { kind: "answer", status: 507, body: full },
      };
    case "no permission":
      return { when: victim, times: Number.POSITIVE_INFINITY, effect: { kind: "answer", status: 403, body: refused } };
    default:
      return undefined;
  }
}
