/**
 * A connect-es Transport to handlers in the same process: messages pass by reference, read-only by rule, without
 * serialization; interceptors, deadline, abort and errors are those of RPC. As over RPC, who stops reading a stream
 * before its end must abort its signal: connect-es' clients do not pass on that a loop was left.
 */
import type {
  DescMessage,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import type { Logger } from "@flyte-dataplane/core";
import { deepFreeze } from "./deep-freeze.ts";
import { messageOf } from "./encoded-message.ts";
import { abortReason, invokeStream, invokeUnary } from "./invoke.ts";
import { toConnectError } from "./rpc-errors.ts";
import { RunningCall } from "./running-call.ts";
import type { RpcService, StreamHandler, UnaryHandler } from "./service.ts";

export interface DirectTransportOptions {
  readonly interceptors?: readonly Interceptor[];
  /** For calls that name no deadline of their own; default none. */
  readonly defaultTimeoutMs?: number;
  /** Freezes every message that crosses, so that a test sees whoever writes to one. */
  readonly freeze?: boolean;
  /** Told of unplanned errors, which the caller only sees as "internal error". */
  readonly logger: Logger;
}

export function directTransport(services: readonly RpcService[], options: DirectTransportOptions): Transport {
  const table = new Map(services.map((entry) => [entry.service.typeName, entry]));
  const seal = options.freeze === true ? deepFreeze : <T>(message: T): T => message;
  const interceptors = [...(options.interceptors ?? [])];

  return {
    unary: (method, signal, timeoutMs, header, message, contextValues) =>
      runUnaryCall({
        ...callOptions(options, interceptors, signal, timeoutMs),
        req: { ...request(method, header, contextValues), stream: false as const, method, message },
        next: async (call) => {
          const running = runningCall(call.signal, call.header);
          const handler = find(table, method) as UnaryHandler<unknown>;
          const invocation = { method, call: running, logger: options.logger };
          const answer = messageOf(method.output, await invokeUnary(handler, seal(call.message), invocation));
          return {
            stream: false,
            service: method.parent,
            method,
            header: running.responseHeader,
            trailer: running.responseTrailer,
            message: seal(answer as MessageShape<typeof method.output>),
          };
        },
      }),
    stream: <I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: AsyncIterable<MessageInitShape<I>>,
      contextValues?: ContextValues,
    ) =>
      runStreamingCall<I, O>({
        ...callOptions(options, interceptors, signal, timeoutMs),
        req: { ...request(method, header, contextValues), stream: true as const, method, message: input },
        next: async (call) => {
          const running = runningCall(call.signal, call.header);
          const handler = find(table, method) as StreamHandler<unknown>;
          const first = await onlyMessage(call.message);
          const messages = invokeStream(handler, seal(first), { method, call: running, logger: options.logger });
          return {
            stream: true,
            service: method.parent,
            method,
            header: running.responseHeader,
            trailer: running.responseTrailer,
            message: untilAborted(messages, call.signal, (answer) =>
              seal(messageOf(method.output, answer) as MessageShape<O>),
            ),
          };
        },
      }),
  };
}

function callOptions(
  options: DirectTransportOptions,
  interceptors: Interceptor[],
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
) {
  const limit = timeoutMs ?? options.defaultTimeoutMs;
  return {
    interceptors,
    ...(signal === undefined ? {} : { signal }),
    ...(limit === undefined || limit <= 0 ? {} : { timeoutMs: limit }),
  };
}

function request(
  method: DescMethodUnary | DescMethodStreaming,
  header: HeadersInit | undefined,
  contextValues: ContextValues | undefined,
) {
  return {
    service: method.parent,
    requestMethod: "POST",
    url: `direct:///${method.parent.typeName}/${method.name}`,
    header: new Headers(header),
    contextValues: contextValues ?? createContextValues(),
  };
}

function runningCall(signal: AbortSignal, requestHeader: Headers): RunningCall {
  const call = new RunningCall({ requestHeader: () => requestHeader });
  const follow = (): void => call.abort(abortReason(signal));
  if (signal.aborted) follow();
  else signal.addEventListener("abort", follow, { once: true });
  return call;
}

function find(table: ReadonlyMap<string, RpcService>, method: DescMethodUnary | DescMethodStreaming): unknown {
  const handler = table.get(method.parent.typeName)?.handlers.get(method.localName);
  if (handler === undefined) {
    throw new ConnectError(`${method.parent.typeName}.${method.name} is not implemented`, Code.Unimplemented);
  }
  return handler;
}

async function onlyMessage<T>(messages: AsyncIterable<T>): Promise<T> {
  for await (const message of messages) return message;
  throw new ConnectError("the call has no request message", Code.InvalidArgument);
}

/** Ends the handler when `signal` aborts even while nobody asks for the next message, as a closed connection would. */
async function* untilAborted<T>(
  messages: AsyncGenerator<unknown, void>,
  signal: AbortSignal,
  seal: (answer: unknown) => T,
): AsyncGenerator<T, void> {
  let cut = false;
  const end = (): void => {
    cut = true;
    messages.return().catch(() => undefined);
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    for await (const message of messages) yield seal(message);
    if (cut) throw toConnectError(abortReason(signal));
  } finally {
    signal.removeEventListener("abort", end);
  }
}
