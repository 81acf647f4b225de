import type { MetricLabels, MetricOptions, Metrics } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { bodyOf, collect, describeDriver, expectCode, text } from "../src/conformance/index.ts";
import { withTemporaryFile } from "../src/conformance/temporary-file.ts";
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

describe("withMetrics, for bytes that pass the caller by", () => {
  it("counts what goes into files and comes in parts, each operation once", async () => {
    const { metrics, lines } = recordingMetrics();
    const { multipart, ...driver } = withMetrics(openMemoryDriver({ clock: wallClock }), metrics, wallClock);
    if (multipart === undefined) throw new Error("memory takes parts");
    const upload = await multipart.create("object");
    await multipart.complete(upload, [await multipart.putPart(upload, 1, text("seven b"))]);
    await multipart.abort(upload);
    await withTemporaryFile(new Uint8Array(0), async (fd) => {
      expect(await (await driver.get("object")).toFile?.({ fd, position: 0 })).toBe(7);
      await expectCode((await driver.get("object")).toFile?.({ fd: -1, position: 0 }) ?? Promise.resolve(), "internal");
    });
    expect(lines).toEqual([
      "storage_operation_duration_seconds mem create_upload ok",
      "storage_operation_duration_seconds mem put_part ok",
      "storage_bytes_total mem put 7",
      "storage_operation_duration_seconds mem complete_upload ok",
      "storage_operation_duration_seconds mem abort_upload ok",
      "storage_operation_duration_seconds mem get ok",
      "storage_bytes_total mem get 7",
      "storage_operation_duration_seconds mem get internal",
      "storage_bytes_total mem get 7",
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
