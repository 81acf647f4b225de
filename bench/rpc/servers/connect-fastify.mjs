// @ts-check
// The official server as a plug-in of fastify.
import { fastifyConnectPlugin } from "@connectrpc/connect-fastify";
import { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { fastify } from "fastify";
import { cached, report } from "../served.mjs";

const app = fastify();
await app.register(fastifyConnectPlugin, {
  routes: (router) => void router.service(CacheService, { get: () => cached }),
});
await app.listen({ host: "127.0.0.1", port: 0 });
report(app.addresses()[0]?.port ?? 0);
