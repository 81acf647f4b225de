import type { Toxic } from "@flyte-dataplane/test-support";

/** A line that takes its time and cuts what passes at any byte. */
export const slowSlices: readonly Toxic[] = [
  { type: "latency", stream: "downstream", attributes: { latency: 2, jitter: 1 } },
  // Bytes, bytes, microseconds.
  { type: "slicer", stream: "downstream", attributes: { average_size: 4000, size_variation: 3000, delay: 10 } },
  { type: "slicer", stream: "upstream", attributes: { average_size: 9000, size_variation: 5000, delay: 10 } },
];
