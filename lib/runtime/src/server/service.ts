/**
 * What a service hands to the process that runs it. `manager` is the only place that puts services together; a
 * service neither listens nor connects by itself.
 */
import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageShape,
} from "@bufbuild/protobuf";
import type { FastifyInstance } from "fastify";
import type { EncodedMessage } from "./encoded-message.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route is for everybody, or its link carries its own proof: no identity is asked. */
    readonly open?: boolean;
  }
}

export interface Service {
  readonly name: string;
  /** Remote procedures, mounted under `/<package>.<Service>/<Method>`. */
  readonly rpc: readonly RpcService[];
  /** Other HTTP routes (signed files, pages); most services have none. */
  readonly http?: (app: FastifyInstance, context: HttpContext) => void;
  /** Runs while the process does. Started in order once every service exists, stopped in reverse order. */
  readonly loops?: readonly Loop[];
  /** Asked by `/readyz`; one that rejects makes the process not ready, with its message as the reason. */
  readonly health?: readonly HealthCheck[];
}

/** What routes may know of the server they stand on. */
export interface HttpContext {
  /** Aborts when the server drains: an answer without an end has to come to one then. */
  readonly draining: AbortSignal;
}

export interface Loop {
  readonly name: string;
  /** Resolves when `signal` has aborted and what was under way has ended. A rejection stops the process. */
  run(signal: AbortSignal): Promise<void>;
}

export interface HealthCheck {
  readonly name: string;
  check(signal: AbortSignal): Promise<void>;
}

/** One entry of the handler table: a service and its methods. A method without a handler answers `unimplemented`. */
export interface RpcService {
  readonly service: DescService;
  readonly handlers: ReadonlyMap<string, UnaryHandler | StreamHandler>;
}

/** What a handler may know of its call beside the message. */
export interface CallContext {
  /** Aborts when the client left, the deadline passed or the server drains. */
  readonly signal: AbortSignal;
  /** Request headers; empty for direct calls without any. */
  readonly requestHeader: Headers;
  /** Where the handler may put response headers before it answers. */
  readonly responseHeader: Headers;
  /** Where it may put what is to follow its answer, as long as it did not end. */
  readonly responseTrailer: Headers;
  /** What the caller gave the call, in milliseconds; undefined for no limit. */
  readonly timeoutMs: number | undefined;
  /** Who called, where the server has an identity to ask; undefined without one and for direct calls. */
  readonly caller: Caller | undefined;
  /** The HTTP request; undefined for direct calls. */
  readonly target: CallTarget | undefined;
}

export interface Caller {
  /** Stable name of a person or program; empty for nobody in particular. */
  readonly subject: string;
}

export interface CallTarget {
  readonly method: string;
  /** What follows the question mark, still encoded. */
  readonly query: string;
}

export type UnaryHandler<I = never, O = unknown> = (request: I, context: CallContext) => Promise<O> | O;
export type StreamHandler<I = never, O = unknown> = (request: I, context: CallContext) => AsyncIterable<O>;

/** Handlers of `S` by local method name (`createRun`), each optional. Messages are read-only by rule. */
export type Handlers<S extends DescService> = {
  readonly [K in keyof S["method"]]?: HandlerOf<S["method"][K]>;
};

type HandlerOf<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? UnaryHandler<MessageShape<I>, MessageShape<O> | EncodedMessage>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? StreamHandler<MessageShape<I>, MessageShape<O> | EncodedMessage>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? UnaryHandler<AsyncIterable<MessageShape<I>>, MessageShape<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? StreamHandler<AsyncIterable<MessageShape<I>>, MessageShape<O>>
          : never;

/** Puts typed handlers into a handler table. */
export function rpc<S extends DescService>(service: S, handlers: Handlers<S>): RpcService {
  const table = new Map<string, UnaryHandler | StreamHandler>();
  for (const method of service.methods) {
    const handler = (handlers as Readonly<Record<string, UnaryHandler | StreamHandler | undefined>>)[method.localName];
    if (handler !== undefined) table.set(method.localName, handler);
  }
  return { service, handlers: table };
}
