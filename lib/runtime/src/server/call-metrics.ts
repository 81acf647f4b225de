/**
 * Figures of every procedure: how many calls are under way, how many ended how, and how long they took. Counted in plain
 * numbers, which `/metrics` reads: an instrument that looks up its labels costs a call more than its message does.
 */
import type { DescMethod } from "@bufbuild/protobuf";
import type { Clock, ErrorCode } from "@flyte-dataplane/core";
import type { MetricsRegistry, Sample } from "../lifecycle/metrics.ts";
import type { CallHook } from "./call-hook.ts";
import { streamsOut } from "./call-limits.ts";

const buckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

export function createCallMetrics(metrics: MetricsRegistry, clock: Clock): CallHook {
  const known = new Map<DescMethod, Figures>();
  const figuresOf = (method: DescMethod): Figures => {
    const figures = new Figures({ service: method.parent.typeName, method: method.name });
    known.set(method, figures);
    return figures;
  };
  metrics.tallied(
    {
      name: "rpc_server_calls_total",
      help: "Calls that ended, by their code.",
      labels: ["service", "method", "code"],
    },
    () => [...known.values()].flatMap((figures) => figures.ended()),
  );
  metrics.distributed(
    {
      name: "rpc_server_seconds",
      help: "Time from a call's arrival to its end; for streams to the stream's end.",
      labels: ["service", "method"],
      buckets,
    },
    () => [...known.values()].filter(({ count }) => count > 0),
  );
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
    return ({ code }) => figures.end(code, (clock.now() - begun) / 1000);
  };
}

/** Of one procedure. */
class Figures {
  readonly labels: { readonly service: string; readonly method: string };
  open = 0;
  count = 0;
  sum = 0;
  readonly counts: number[] = buckets.map(() => 0);
  readonly #byCode = new Map<ErrorCode | "ok", number>();

  constructor(labels: { readonly service: string; readonly method: string }) {
    this.labels = labels;
  }

  end(code: ErrorCode | "ok", seconds: number): void {
    this.open -= 1;
    this.count += 1;
    this.sum += seconds;
    this.#byCode.set(code, (this.#byCode.get(code) ?? 0) + 1);
    let within = 0;
    while (seconds > (buckets[within] ?? Number.POSITIVE_INFINITY)) within += 1;
    if (within < buckets.length) this.counts[within] = (this.counts[within] ?? 0) + 1;
  }

  ended(): readonly Sample[] {
    return [...this.#byCode].map(([code, value]) => ({ value, labels: { ...this.labels, code } }));
  }
}
