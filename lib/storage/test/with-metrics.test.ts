import type { MetricLabels, MetricOptions, Metrics } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { bodyOf, collect, describeDriver, expectCode, text } from "../src/conformance/index.ts";
import { openMemoryDriver } from "../src/drivers/memory/driver.ts";
import { withMetrics } from "../src/with-metrics.ts";
import { fileHarness, wallClock } from "./file-store.ts";

describeDriver("measured file", () =>
  fileHarness((driver) => withMetrics(driver, recordingMetrics().metrics, wallClock)),
);

describe("withMetrics", () => {
  it("counts each operation once by its result, and the bytes of bodies", async () => {
    const { metrics, lines } = recordingMetrics();
    const driver = withMetrics(openMemoryDriver({ clock: wallClock }), metrics, wallClock);
    await driver.put("object", bodyOf(text("four")));
    await collect(driver.get("object"));
    await expectCode(driver.head("absent"), "not_found");
    expect(lines).toEqual([
      "storage_operation_duration_seconds mem put ok",
      "storage_bytes_total mem put 4",
      "storage_bytes_total mem get 4",
      "storage_operation_duration_seconds mem get ok",
      "storage_operation_duration_seconds mem head not_found",
    ]);
  });
});

function recordingMetrics(): { readonly metrics: Metrics; readonly lines: string[] } {
  const lines: string[] = [];
  const note = ({ name }: MetricOptions, labels: MetricLabels = {}, value?: number): void => {
    lines.push([name, ...Object.values(labels), ...(value === undefined ? [] : [value])].join(" "));
  };
  return {
    lines,
    metrics: {
      counter: (options) => ({ add: (value, labels) => note(options, labels, value) }),
      gauge: (options) => ({ set: (value, labels) => note(options, labels, value) }),
      histogram: (options) => ({ observe: (_value, labels) => note(options, labels) }),
    },
  };
}
