/** Whether the process can do its work, asked anew for every `/readyz`. */
import { type Clock, DataPlaneError } from "@flyte-dataplane/core";
import { redactText } from "../lifecycle/redact.ts";
import type { HealthCheck, Service } from "./service.ts";

export interface Readiness {
  readonly ready: boolean;
  /** `<service>/<check>: <why>` of each that failed. */
  readonly reasons: readonly string[];
}

/** A check that hangs is as bad as one that fails. */
const checkTimeoutMs = 2000;

export async function readiness(services: readonly Service[], clock: Clock, draining: boolean): Promise<Readiness> {
  if (draining) return { ready: false, reasons: ["the server is shutting down"] };
  const checks = services.flatMap((service) =>
    (service.health ?? []).map((check) => reason(service.name, check, clock)),
  );
  const reasons = (await Promise.all(checks)).filter((text) => text !== undefined);
  return { ready: reasons.length === 0, reasons };
}

async function reason(service: string, check: HealthCheck, clock: Clock): Promise<string | undefined> {
  const late = new AbortController();
  const done = new AbortController();
  const name = `${service}/${check.name}`;
  const timer = clock.sleep(checkTimeoutMs, { signal: done.signal }).then(
    () => {
      late.abort(new DataPlaneError("deadline_exceeded", `no answer within ${checkTimeoutMs} ms`));
      return `${name}: no answer within ${checkTimeoutMs} ms`;
    },
    () => undefined,
  );
  const answer = Promise.resolve()
    .then(() => check.check(late.signal))
    .then(
      () => undefined,
      // Whoever asks is told, and what failed may name a signed link.
      (error: unknown) => `${name}: ${redactText(error instanceof Error ? error.message : String(error))}`,
    );
  try {
    return await Promise.race([answer, timer]);
  } finally {
    done.abort();
  }
}
