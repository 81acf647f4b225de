/** What every call passes before it is carried out: whether it may be, and whether it is one too many. */
import { type Clock, DataPlaneError } from "@flyte-dataplane/core";
import { type CallContext, TokenBuckets } from "@flyte-dataplane/runtime/server";
import type { Access, Authorize, Wanted } from "./access.ts";
import type { DataproxyConfig } from "./config.ts";

/** A call that was let in. */
export interface Admitted extends Pick<CallContext, "signal" | "requestHeader"> {
  readonly access: Access;
}

export interface Gate {
  /** Rejects with what `authorize` does, or `resource_exhausted`. */
  admit(wanted: Wanted, context: CallContext): Promise<Admitted>;
  /** Takes `bytes` of what subject and project may upload; throws `resource_exhausted` when that is not left. */
  charge(access: Access, bytes: number): void;
  /** Counts a stream until the returned function is called; throws `resource_exhausted` for one too many. */
  beginStream(access: Access): () => void;
}

export interface GateOptions {
  readonly limits: DataproxyConfig["limits"];
  readonly authorize: Authorize;
  readonly clock: Clock;
}

const hourSeconds = 3600;

export function createGate({ limits, authorize, clock }: GateOptions): Gate {
  const perSecond = (calls: number) => (calls > 0 ? new TokenBuckets({ perSecond: calls, burst: calls }) : undefined);
  const perHour = (bytes: number) =>
    bytes > 0 ? new TokenBuckets({ perSecond: bytes / hourSeconds, burst: bytes }) : undefined;
  const calls = {
    subject: perSecond(limits.subject.callsPerSecond),
    project: perSecond(limits.project.callsPerSecond),
  };
  const bytes = {
    subject: perHour(limits.subject.uploadBytesPerHour),
    project: perHour(limits.project.uploadBytesPerHour),
  };
  const streams = new Map<string, number>();

  /** Both or none: what one of the two refuses must not cost at the other. */
  const take = (from: typeof calls, access: Access, amount: number, what: string): void => {
    const now = clock.now();
    const holders = [
      { buckets: from.subject, key: access.subject, name: `subject "${access.subject}"` },
      { buckets: from.project, key: projectKey(access), name: `project "${access.project}"` },
    ];
    for (const { buckets, key, name } of holders) {
      const waitMs = buckets?.wait(key, now, amount) ?? 0;
      if (waitMs <= 0) continue;
      const when = Number.isFinite(waitMs)
        ? `call again in ${Math.ceil(waitMs / 1000)} s`
        : "it is more than ever fits, announce a smaller content_length";
      throw exhausted(`${access.verb}: ${name} is at its limit of ${what}; ${when}`);
    }
    for (const { buckets, key } of holders) buckets?.take(key, now, amount);
  };

  return {
    admit: async (wanted, { signal, requestHeader, caller }) => {
      const access = { ...wanted, subject: caller?.subject ?? "" };
      await authorize(access);
      take(calls, access, 1, "calls per second");
      return { signal, requestHeader, access };
    },
    charge: (access, amount) => take(bytes, access, amount, "bytes uploaded per hour"),
    beginStream: ({ subject, verb }) => {
      const most = limits.subject.streams;
      if (most === 0) return () => undefined;
      const open = streams.get(subject) ?? 0;
      if (open >= most)
        throw exhausted(`${verb}: subject "${subject}" has ${open} streams open, which is its limit; end one of them`);
      streams.set(subject, open + 1);
      return () => {
        const left = (streams.get(subject) ?? 1) - 1;
        if (left === 0) streams.delete(subject);
        else streams.set(subject, left);
      };
    },
  };
}

/** Names hold no slash. */
function projectKey({ org, project }: Access): string {
  return `${org}/${project}`;
}

function exhausted(message: string): DataPlaneError {
  return new DataPlaneError("resource_exhausted", message, { origin: "user" });
}
