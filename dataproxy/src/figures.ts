/** What an operator wants to know of the dataproxy beyond calls and storage operations, which have figures of their own. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Clock, Metrics } from "@flyte-dataplane/core";
import type { LogEntry } from "./log-reader.ts";

export interface Figures {
  /** A link was signed for an object of a store of `scheme`. */
  signed(scheme: string, verb: "get" | "put"): void;
  /** A caller announced an upload of so many bytes. */
  declared(bytes: number): void;
  /** Lines are about to be sent. */
  sent(entries: readonly LogEntry[]): void;
}

export function createFigures(metrics: Metrics, clock: Clock): Figures {
  const signatures = metrics.counter({
    name: "dataproxy_signed_links_total",
    help: "Links signed, by the kind of store and what they allow.",
    labels: ["scheme", "verb"],
  });
  const declaredBytes = metrics.counter({
    name: "dataproxy_declared_upload_bytes_total",
    help: "Bytes that callers announced when they asked for a link to upload to.",
  });
  const lines = metrics.counter({ name: "dataproxy_log_lines_total", help: "Log lines sent." });
  const lag = metrics.histogram({
    name: "dataproxy_log_lag_seconds",
    help: "Age of the newest line of a message when it is sent; lines of the past are old, followed ones should not be.",
    buckets: [0.01, 0.05, 0.2, 1, 5, 60],
  });
  return {
    signed: (scheme, verb) => signatures.add(1, { scheme, verb }),
    declared: (bytes) => declaredBytes.add(bytes),
    sent: (entries) => {
      lines.add(entries.length);
      const time = entries.at(-1)?.time;
      if (time !== undefined) lag.observe(Math.max(0, clock.now() - timestampMs(time)) / 1000);
    },
  };
}
