/** What is not RPC: health, figures and the services' own routes, on fastify. */
import type { Clock, Logger } from "@flyte-dataplane/core";
import { type FastifyInstance, fastify } from "fastify";
import { httpStatus } from "../connect/codes.ts";
import type { MetricsRegistry } from "../lifecycle/metrics.ts";
import { type Identity, routesBehindIdentity } from "./identity.ts";
import { readiness } from "./readiness.ts";
import { isUnplanned, toConnectError } from "./rpc-errors.ts";
import type { Service } from "./service.ts";

export interface AppOptions {
  readonly services: readonly Service[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly identity?: Identity;
}

export interface AppState {
  /** Aborts when nobody should send anything new: from then on the process is not ready. */
  readonly leaving: AbortSignal;
  /** Aborts when what has no end must come to one. */
  readonly draining: AbortSignal;
}

/** A fastify that never listens: the server hands it the requests that are not RPC. */
export async function createApp(options: AppOptions, { leaving, draining }: AppState): Promise<FastifyInstance> {
  const app = fastify({ logger: false, forceCloseConnections: false, routerOptions: { maxParamLength: 4096 } });
  if (options.identity !== undefined) routesBehindIdentity(app, options.identity);
  const open = { config: { open: true } };
  app.get("/healthz", open, (_request, reply) => reply.type("text/plain").send("OK"));
  app.get("/readyz", open, async (_request, reply) => {
    const { ready, reasons } = await readiness(options.services, options.clock, leaving.aborted);
    return reply
      .code(ready ? 200 : 503)
      .header("cache-control", "no-store")
      .type("text/plain")
      .send(ready ? "OK" : reasons.join("\n"));
  });
  app.get("/metrics", open, async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.render()),
  );
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type("text/plain")
      .send(`nothing at ${request.method} ${request.url.split("?")[0] ?? ""}\n`),
  );
  app.setErrorHandler((error, request, reply) => {
    // Fastify's own refusals say what was wrong with the request.
    if (error instanceof Error && "statusCode" in error && Number(error.statusCode) < 500) return reply.send(error);
    const path = request.url.split("?", 1)[0] ?? "";
    if (isUnplanned(error)) options.logger.error({ verb: request.method, path, error }, "request failed");
    const { code, rawMessage } = toConnectError(error);
    return reply.code(httpStatus(code)).type("text/plain").send(`${rawMessage}\n`);
  });
  for (const service of options.services) service.http?.(app, { draining });
  await app.ready();
  return app;
}
