// @ts-check
// connect-node [LINES]: the official server for Node.
import { createServer } from "node:http";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { cached, listening, tailByLine } from "../served.mjs";

const [lines = "0"] = process.argv.slice(2);
const routes = (/** @type {import("@connectrpc/connect").ConnectRouter} */ router) => {
  router.service(CacheService, { get: () => cached });
  router.service(DataProxyService, { tailLogs: () => tailByLine(Number(lines)) });
};
await listening(createServer(connectNodeAdapter({ routes })));
