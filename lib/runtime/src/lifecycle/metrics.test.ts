import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";

test("asking twice for one name gives the same instrument", async () => {
  const metrics = createMetrics();
  const options = { name: "calls_total", help: "Calls.", labels: ["code"] };
  metrics.counter(options).add(1, { code: "ok" });
  metrics.counter(options).add(2, { code: "ok" });
  expect(await metrics.render()).toContain('calls_total{code="ok"} 3');
});

test("one name for two kinds of instrument is refused", () => {
  const metrics = createMetrics();
  metrics.gauge({ name: "open", help: "Open." }).set(1);
  expect(() => metrics.counter({ name: "open", help: "Open." })).toThrow("another kind");
});

test("a histogram counts into its buckets", async () => {
  const metrics = createMetrics();
  metrics.histogram({ name: "call_seconds", help: "Time.", buckets: [0.1, 1] }).observe(0.5);
  expect(await metrics.render()).toContain('call_seconds_bucket{le="1"} 1');
});

test("a sampled gauge shows what is so when it is asked for", async () => {
  const metrics = createMetrics();
  let open = 1;
  metrics.sampled({ name: "open", help: "Open.", labels: ["kind"] }, () => [{ value: open, labels: { kind: "a" } }]);
  expect(await metrics.render()).toContain('open{kind="a"} 1');
  open = 2;
  expect(await metrics.render()).toContain('open{kind="a"} 2');
});

test("what is read for every render counts as the instruments do", async () => {
  const metrics = createMetrics();
  const label = { method: 'a"b' };
  const options = { help: "Time.", labels: ["method"], buckets: [0.1, 1] };
  const observed = metrics.histogram({ ...options, name: "observed" });
  for (const seconds of [0.05, 0.5, 0.5, 7]) observed.observe(seconds, label);
  metrics.distributed({ ...options, name: "distributed" }, () => [
    { labels: label, counts: [1, 2], count: 4, sum: 8.05 },
  ]);
  metrics.counter({ name: "counted_total", help: "Calls.", labels: ["method"] }).add(3, label);
  metrics.tallied({ name: "tallied_total", help: "Calls.", labels: ["method"] }, () => [{ value: 3, labels: label }]);
  const shown = (await metrics.render()).split(/\n+/).filter((line) => line !== "");
  const named = (name: string): string[] => shown.filter((line) => line.includes(name));
  const plain = (name: string): string[] => named(name).map((line) => line.replace(name, "it"));
  expect(named("distributed")).toHaveLength(7);
  expect(plain("distributed")).toEqual(plain("observed"));
  expect(plain("tallied")).toEqual(plain("counted"));
});

test("a process shows its event loop, its collections of garbage and its memory", async () => {
  const shown = await createMetrics({ process: true }).render();
  for (const name of [
    "nodejs_eventloop_lag_p99_seconds",
    "nodejs_gc_duration_seconds",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "process_open_fds",
  ])
    expect(shown).toMatch(new RegExp(`^# TYPE ${name} `, "m"));
});
