/** Figures of one process in Prometheus' text format. */
import type { MetricLabels, MetricOptions, Metrics } from "@flyte-dataplane/core";
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from "prom-client";

export interface MetricsRegistry extends Metrics {
  /** A gauge that is read anew for every `render`. One name has one reader: the newest. */
  sampled(metric: MetricOptions, read: () => readonly Sample[]): void;
  /**
   * A counter that is read anew for every `render`: for what is counted so often that finding the labels' figure each
   * time would cost more than what is counted.
   */
  tallied(metric: MetricOptions, read: () => readonly Sample[]): void;
  /** A histogram likewise. */
  distributed(metric: HistogramOptions, read: () => readonly Distribution[]): void;
  readonly contentType: string;
  /** Every figure, as `/metrics` answers it. */
  render(): Promise<string>;
}

export interface Sample {
  readonly value: number;
  readonly labels?: MetricLabels;
}

export type HistogramOptions = MetricOptions & { readonly buckets: readonly number[] };

/** What a histogram knows of one set of labels. */
export interface Distribution {
  readonly labels: MetricLabels;
  /** Of each bucket, in the order of the histogram's, the observations that no smaller one took; more than the largest: none. */
  readonly counts: readonly number[];
  /** Of all observations. */
  readonly count: number;
  readonly sum: number;
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
    tallied: (metric, read) =>
      registerRead(registry, metric, "counter", () =>
        read().map(({ value, labels = {} }) => ({ metricName: metric.name, labels, value })),
      ),
    distributed: (metric, read) =>
      registerRead(registry, metric, "histogram", () => read().flatMap((each) => linesOf(metric, each))),
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

interface Line {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

function registerRead(registry: Registry, metric: MetricOptions, type: string, read: () => readonly Line[]): void {
  registry.removeSingleMetric(metric.name);
  const { name, help } = metric;
  const collected = { name, get: () => Promise.resolve({ name, help, type, values: read(), aggregator: "sum" }) };
  // The registry asks its instruments for no more than this, and its types name its own classes only.
  registry.registerMetric(collected as unknown as Metric);
}

/** The lines of one set of labels: every bucket with all that the smaller ones hold, then the whole. */
function linesOf({ name, buckets }: HistogramOptions, { labels, counts, count, sum }: Distribution): readonly Line[] {
  let within = 0;
  const bucket = (le: number | string, value: number): Line => ({
    metricName: `${name}_bucket`,
    labels: { le, ...labels },
    value,
  });
  return [
    ...buckets.map((le, index) => {
      within += counts[index] ?? 0;
      return bucket(le, within);
    }),
    bucket("+Inf", count),
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
