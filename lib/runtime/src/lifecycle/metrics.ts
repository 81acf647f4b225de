/** Figures of one process in Prometheus' text format. */
import type { MetricLabels, MetricOptions, Metrics } from "@flyte-dataplane/core";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export interface MetricsRegistry extends Metrics {
  /** A gauge that is read anew for every `render`. One name has one reader: the newest. */
  sampled(metric: MetricOptions, read: () => readonly Sample[]): void;
  readonly contentType: string;
  /** Every figure, as `/metrics` answers it. */
  render(): Promise<string>;
}

export interface Sample {
  readonly value: number;
  readonly labels?: MetricLabels;
}

/** A registry of its own, so that two servers in one process (tests) do not share figures. */
export function createMetrics(options: { readonly process?: boolean } = {}): MetricsRegistry {
  const registry = new Registry();
  if (options.process === true) collectDefaultMetrics({ register: registry });
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    counter: (metric) => {
      const counter = once(registry, metric, Counter, () => new Counter(instrument(registry, metric)));
      return { add: (value, labels = {}) => counter.inc(labels, value) };
    },
    gauge: (metric) => {
      const gauge = once(registry, metric, Gauge, () => new Gauge(instrument(registry, metric)));
      return { set: (value, labels = {}) => gauge.set(labels, value) };
    },
    sampled: (metric, read) => {
      registry.removeSingleMetric(metric.name);
      new Gauge({
        ...instrument(registry, metric),
        collect() {
          this.reset();
          for (const { value, labels = {} } of read()) this.set(labels, value);
        },
      });
    },
    histogram: (metric) => {
      const buckets = [...metric.buckets];
      const histogram = once(
        registry,
        metric,
        Histogram,
        () => new Histogram({ ...instrument(registry, metric), buckets }),
      );
      return { observe: (value, labels = {}) => histogram.observe(labels, value) };
    },
  };
}

function instrument(
  registry: Registry,
  metric: MetricOptions,
): { name: string; help: string; labelNames: string[]; registers: Registry[] } {
  return { name: metric.name, help: metric.help, labelNames: [...(metric.labels ?? [])], registers: [registry] };
}

/** The instrument already registered under the name, if it is of the kind asked for; a second kind under one name is a bug. */
function once<T>(registry: Registry, metric: MetricOptions, kind: new (...args: never[]) => T, make: () => T): T {
  const known: unknown = registry.getSingleMetric(metric.name);
  if (known === undefined) return make();
  if (known instanceof kind) return known;
  throw new TypeError(`metric ${metric.name} is already another kind of instrument`);
}
