/** Figures of every procedure: how many calls are under way, how many ended how, and how long they took. */
import type { DescMethod } from "@bufbuild/protobuf";
import type { Clock } from "@flyte-dataplane/core";
import type { MetricsRegistry, Sample } from "../lifecycle/metrics.ts";
import type { CallHook } from "./call-hook.ts";
import { streamsOut } from "./call-limits.ts";

export function createCallMetrics(metrics: MetricsRegistry, clock: Clock): CallHook {
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
  const known = new Map<DescMethod, Known>();
  const figuresOf = (method: DescMethod): Known => {
    const figures = { open: 0, labels: { service: method.parent.typeName, method: method.name } };
    known.set(method, figures);
    return figures;
  };
  const underWay = (streams: boolean) => (): readonly Sample[] =>
    [...known]
      .filter(([method]) => streamsOut(method) === streams)
      .map(([, { open, labels }]) => ({ value: open, labels }));
  metrics.sampled(
    { name: "rpc_server_calls_in_flight", help: "Unary calls under way.", labels: ["service", "method"] },
    underWay(false),
  );
  metrics.sampled(
    { name: "rpc_server_open_streams", help: "Streams under way.", labels: ["service", "method"] },
    underWay(true),
  );
  return ({ method }) => {
    const begun = clock.now();
    const figures = known.get(method) ?? figuresOf(method);
    figures.open += 1;
    const { labels } = figures;
    return ({ code }) => {
      figures.open -= 1;
      ended.add(1, { ...labels, code });
      seconds.observe((clock.now() - begun) / 1000, labels);
    };
  };
}

interface Known {
  open: number;
  readonly labels: { readonly service: string; readonly method: string };
}
