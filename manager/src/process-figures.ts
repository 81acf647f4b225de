/** Figures of this process that no single service has. */
import type { Connections } from "@flyte-dataplane/runtime/database";
import type { MetricsRegistry } from "@flyte-dataplane/runtime/lifecycle";
import { version } from "./version.ts";

export function registerProcessFigures(metrics: MetricsRegistry, connections: () => Connections): void {
  metrics
    .gauge({
      name: "flyte_dataplane_build_info",
      help: "Always 1; the labels say which program this is.",
      labels: ["version", "node"],
    })
    .set(1, { version, node: process.versions.node });
  metrics.sampled(
    {
      name: "database_connections",
      help: "Connections of the pool, by what they do; the listening one and those of held locks are not among them.",
      labels: ["state"],
    },
    () => {
      const { used, idle } = connections();
      return [
        { value: used, labels: { state: "used" } },
        { value: idle, labels: { state: "idle" } },
      ];
    },
  );
  metrics.sampled({ name: "database_connections_limit", help: "Connections that the pool may have." }, () => [
    { value: connections().limit },
  ]);
  metrics.sampled({ name: "database_connection_waiters", help: "Calls that wait for a connection." }, () => [
    { value: connections().waiting },
  ]);
}
