/**
 * Serves the handler table over HTTP: Connect, gRPC-Web and gRPC's wire forms by connect-es, around handlers of ours.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import { type ConnectRouter, createConnectRouter, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import type { Clock, Logger, Metrics } from "@flyte-dataplane/core";
import { type CallMetrics, createCallMetrics } from "./call-metrics.ts";
import type { Calls } from "./calls.ts";
import { checkedBody } from "./checked-body.ts";
import { reachedHandler, readRequest, startStream } from "./http-request.ts";
import { answerJson, writeResponse } from "./http-response.ts";
import { invokeStream, invokeUnary } from "./invoke.ts";
import { linkSignals } from "./link-signals.ts";
import { mendMalformed } from "./malformed-request.ts";
import { toConnectError } from "./rpc-errors.ts";
import type { RpcService, Service, StreamHandler, UnaryHandler } from "./service.ts";

export interface RpcListenerOptions {
  readonly services: readonly Service[];
  readonly maxMessageBytes?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Answers the request when it is for a procedure, of ours or not; false leaves it to others. */
export type RpcListener = (request: IncomingMessage, response: ServerResponse) => boolean;

const defaultMaxMessageBytes = 128 * 1024 * 1024;

export function createRpcListener(options: RpcListenerOptions, calls: Calls): RpcListener {
  const tables = options.services.flatMap((service) => service.rpc);
  const maxBytes = options.maxMessageBytes ?? defaultMaxMessageBytes;
  const router = createConnectRouter({
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes: maxBytes,
  });
  const measure = createCallMetrics(options.metrics, options.clock);
  for (const table of tables) mount(router, table, { logger: options.logger, calls, measure });
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  return (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const handler = handlers.get(path);
    if (handler?.method.methodKind === "bidi_streaming" && request.httpVersionMajor < 2) {
      void refuse(request, response, 505, `${path.slice(1)} streams both ways, which needs HTTP/2`);
      return true;
    }
    if (handler !== undefined) {
      void serve(handler, request, response, { maxBytes, logger: options.logger });
      return true;
    }
    if (!procedurePath.test(path)) return false;
    void refuse(request, response, 404, `${path.slice(1)} is not implemented`);
    return true;
  };
}

/** `/<package>.<Service>/<Method>`: callers expect an RPC error there, not a page. */
const procedurePath = /^\/[a-z]\w*(\.\w+)*\.[A-Z]\w*\/[A-Z]\w*$/;

interface Mounting {
  readonly logger: Logger;
  readonly calls: Calls;
  readonly measure: CallMetrics;
}

function mount(router: ConnectRouter, table: RpcService, mounting: Mounting): void {
  const implementation: Record<string, unknown> = {};
  for (const method of table.service.methods) {
    const handler = table.handlers.get(method.localName);
    // connect-es answers `unimplemented` for methods left out.
    if (handler === undefined) continue;
    if (method.methodKind === "unary")
      implementation[method.localName] = unary(method, handler as UnaryHandler<unknown>, mounting);
    if (method.methodKind === "server_streaming")
      implementation[method.localName] = stream(method, handler as StreamHandler<unknown>, mounting);
  }
  router.service(table.service, implementation as Partial<ServiceImpl<DescService>>);
}

function unary(method: DescMethod, handler: UnaryHandler<unknown>, { logger, calls, measure }: Mounting) {
  return async (request: Message, context: HandlerContext): Promise<Message> => {
    context.values.get(reachedHandler)();
    const ended = measure(method);
    let thrown: unknown;
    const { signal, release } = linkSignals(context.signal, calls.over);
    const call = { signal, requestHeader: context.requestHeader, responseHeader: context.responseHeader };
    try {
      // The table pairs each handler with the types of its method.
      return (await invokeUnary(handler, request, { method, context: call, logger })) as Message;
    } catch (error) {
      thrown = error;
      throw error;
    } finally {
      release();
      ended(thrown);
    }
  };
}

function stream(method: DescMethod, handler: StreamHandler<unknown>, { logger, calls, measure }: Mounting) {
  return async function* (request: Message, context: HandlerContext): AsyncGenerator<Message> {
    context.values.get(reachedHandler)();
    const ended = measure(method);
    let thrown: unknown;
    const { signal, release } = linkSignals(context.signal, calls.draining);
    const call = { signal, requestHeader: context.requestHeader, responseHeader: context.responseHeader };
    const messages = invokeStream(handler, request, { method, context: call, logger });
    try {
      let step = messages.next();
      // The handler ran up to its first wait, so its headers are set; a watch may have no message for hours.
      context.values.get(startStream)(context.responseHeader);
      for (let next = await step; next.done !== true; next = await step) {
        yield next.value as Message;
        step = messages.next();
      }
    } catch (error) {
      thrown = error;
      throw error;
    } finally {
      release();
      ended(thrown);
      await messages.return();
    }
  };
}

/** Unimplemented, in the wire form of the call: gRPC's forms have the status in the head of a 200. */
async function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  message: string,
): Promise<void> {
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("application/grpc"))
    return answerJson(request, response, status, { code: "unimplemented", message });
  response.writeHead(200, { "content-type": type, "grpc-status": "12", "grpc-message": encodeURIComponent(message) });
  response.end();
}

async function serve(
  handler: UniversalHandler,
  request: IncomingMessage,
  response: ServerResponse,
  { maxBytes, logger }: { readonly maxBytes: number; readonly logger: Logger },
): Promise<void> {
  const taken = readRequest(request, response);
  const { header } = taken.request;
  const body = checkedBody(taken.body, { method: handler.method, header, maxBytes });
  try {
    const answer = await handler({ ...taken.request, body });
    await writeResponse(request, response, taken.reachedHandler() ? answer : await mendMalformed(answer), taken.left);
  } catch (error) {
    // A caller who left is no fault; what connect-es could not answer itself is.
    if (taken.left.aborted) return;
    logger.error({ path: handler.requestPath, error }, "call could not be answered");
    const { rawMessage } = toConnectError(error);
    if (response.headersSent) response.destroy();
    else await answerJson(request, response, 500, { code: "internal", message: rawMessage });
  }
}
