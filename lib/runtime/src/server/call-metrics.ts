/** Figures of every procedure: how many calls ended how, and how long they took. */
import type { DescMethod } from "@bufbuild/protobuf";
import type { Clock, Metrics } from "@flyte-dataplane/core";
import type { CallHook } from "./call-hook.ts";

export function createCallMetrics(metrics: Metrics, clock: Clock): CallHook {
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
  const labelsOf = new Map<DescMethod, { service: string; method: string }>();
  return ({ method }) => {
    const begun = clock.now();
    let labels = labelsOf.get(method);
    if (labels === undefined) {
      labels = { service: method.parent.typeName, method: method.name };
      labelsOf.set(method, labels);
    }
    const { service, method: name } = labels;
    return ({ code }) => {
      ended.add(1, { service, method: name, code });
      seconds.observe((clock.now() - begun) / 1000, { service, method: name });
    };
  };
}
