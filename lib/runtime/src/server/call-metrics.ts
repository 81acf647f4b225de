/** Figures of every procedure: how many calls ended how, and how long they took. */
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock, Metrics } from "@flyte-dataplane/core";

/** Notes the beginning of a call; the returned function its end, with what it threw if anything. */
export type CallMetrics = (method: DescMethod) => (thrown?: unknown) => void;

export function createCallMetrics(metrics: Metrics, clock: Clock): CallMetrics {
  const ended = metrics.counter({
    name: "rpc_server_calls_total",
    help: "Calls that ended, by their code.",
    labels: ["service", "method", "code"],
  });
  const seconds = metrics.histogram({
    name: "rpc_server_seconds",
    help: "Time from a call's arrival to its end; for streams to the stream's end.",
    labels: ["service", "method"],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
  });
  return (method) => {
    const begun = clock.now();
    const labels = { service: method.parent.typeName, method: method.name };
    return (thrown) => {
      const code = thrown === undefined ? "ok" : codeName(thrown);
      ended.add(1, { ...labels, code });
      seconds.observe((clock.now() - begun) / 1000, labels);
    };
  };
}

/** Connect's spelling: `not_found`. */
function codeName(thrown: unknown): string {
  const name = thrown instanceof ConnectError ? Code[thrown.code] : "Internal";
  return name.replace(/[A-Z]/g, (letter, at: number) => (at === 0 ? "" : "_") + letter.toLowerCase());
}
