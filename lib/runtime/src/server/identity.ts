/**
 * Who calls, and what they may do: the port for whatever a deployment has for that. Asked for every procedure call that
 * comes in and every route but health and signed links, which carry their own proof. Calls between services of one
 * process are not asked: the call that they are part of was.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { DescMethod } from "@bufbuild/protobuf";
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import type { FastifyInstance } from "fastify";
import { redactText } from "../lifecycle/redact.ts";
import { RunningCall } from "./running-call.ts";
import type { CallContext, Caller, RpcService, StreamHandler, UnaryHandler } from "./service.ts";

export type Intent =
  /** `request` is the message, or a stream of them. */
  | { readonly kind: "procedure"; readonly method: DescMethod; readonly request: unknown }
  | { readonly kind: "route"; readonly verb: string; readonly path: string };

export interface Identity {
  /** Rejects with `unauthenticated` when the headers do not say who calls, or cannot be believed. */
  authenticate(header: Headers): Promise<Caller> | Caller;
  /** Rejects with `permission_denied` when `caller` may not do that. */
  authorize(caller: Caller, intent: Intent): Promise<void> | void;
}

/** The services' tables, with every handler behind `identity`; `context.caller` tells it who called. */
export function behindIdentity(services: readonly RpcService[], identity: Identity): readonly RpcService[] {
  const admit = async (method: DescMethod, request: unknown, context: CallContext): Promise<void> => {
    const caller = await identity.authenticate(context.requestHeader);
    await identity.authorize(caller, { kind: "procedure", method, request });
    if (context instanceof RunningCall) context.caller = caller;
  };
  return services.map(({ service, handlers }) => {
    const table = new Map<string, UnaryHandler | StreamHandler>();
    for (const method of service.methods) {
      const handler = handlers.get(method.localName);
      if (handler === undefined) continue;
      const streams = method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming";
      table.set(
        method.localName,
        streams
          ? async function* (request: unknown, context: CallContext): AsyncGenerator<unknown> {
              await admit(method, request, context);
              yield* (handler as StreamHandler<unknown>)(request, context);
            }
          : async (request: unknown, context: CallContext): Promise<unknown> => {
              await admit(method, request, context);
              return await (handler as UnaryHandler<unknown>)(request, context);
            },
      );
    }
    return { service, handlers: table };
  });
}

/** Puts the routes of `app` behind `identity` too, save those whose config says `open`. */
export function routesBehindIdentity(app: FastifyInstance, identity: Identity): void {
  app.addHook("onRequest", async (request, reply) => {
    if (request.routeOptions.config.open === true) return;
    const path = request.url.split("?", 1)[0] ?? "";
    try {
      const caller = await identity.authenticate(headersOf(request.headers));
      await identity.authorize(caller, { kind: "route", verb: request.method, path });
    } catch (error) {
      const code = error instanceof DataPlaneError ? error.code : "internal";
      const text = error instanceof DataPlaneError ? redactText(error.message) : "internal error";
      await reply
        .code(refusalStatus[code] ?? 500)
        .type("text/plain")
        .send(`${text}\n`);
      return reply;
    }
  });
}

const refusalStatus: Partial<Record<ErrorCode, number>> = {
  unauthenticated: 401,
  permission_denied: 403,
  unavailable: 503,
};

function headersOf(fields: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields))
    for (const item of [value ?? []].flat()) if (!name.startsWith(":")) headers.append(name, item);
  return headers;
}
