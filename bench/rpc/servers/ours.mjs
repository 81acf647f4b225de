// @ts-check
// ours [LINES]: the server of every service of ours, with its figures and its guard.
import { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { createMetrics, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { createServer, rpc } from "@flyte-dataplane/runtime/server";
import { cached, quiet, report, tailOfOurs } from "../served.mjs";

const [lines = "0"] = process.argv.slice(2);
const server = await createServer({
  services: [
    {
      name: "bench",
      rpc: [
        rpc(CacheService, { get: () => cached }),
        rpc(DataProxyService, { tailLogs: () => tailOfOurs(Number(lines)) }),
      ],
    },
  ],
  host: "127.0.0.1",
  port: 0,
  clock: systemClock,
  logger: quiet,
  metrics: createMetrics(),
});
report(server.port);
