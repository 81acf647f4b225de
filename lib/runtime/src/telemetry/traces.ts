/** Spans of calls, made and sent by OpenTelemetry's packages. Loaded only where somebody asked for traces. */
import { AsyncLocalStorage } from "node:async_hooks";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { setGlobalErrorHandler, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { endName } from "../connect/codes.ts";
import type { BegunCall, CallHook, EndedCall } from "../server/call-hook.ts";
import type { TelemetrySettings } from "./settings.ts";
import type { Telemetry, TelemetryOptions } from "./telemetry.ts";

export function startTraces(settings: TelemetrySettings, options: TelemetryOptions): Telemetry {
  setGlobalErrorHandler((error) => options.failed(error));
  const root = sampler(settings.ratio);
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ "service.name": "flyte-dataplane", "service.version": options.version }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: settings.followsCaller ? new ParentBasedSampler({ root }) : root,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), ...settings.batch })],
  });
  const tracer = provider.getTracer("flyte-dataplane", options.version);
  const propagator = new W3CTraceContextPropagator();
  const active = new AsyncLocalStorage<Context>();

  const begin = ({ method, protocol, headers }: BegunCall): ((end: EndedCall) => void) => {
    const caller = propagator.extract(ROOT_CONTEXT, headers, fieldsOfRequest);
    const requestId = headers["x-request-id"];
    const span = tracer.startSpan(
      `${method.parent.typeName}/${method.name}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          "rpc.system": protocol === "connect" ? "connect_rpc" : "grpc",
          "rpc.service": method.parent.typeName,
          "rpc.method": method.name,
          ...(typeof requestId === "string" && { "http.request.header.x-request-id": [requestId] }),
        },
      },
      caller,
    );
    // The rest of the call runs in what follows from here, so what it does finds its span.
    active.enterWith(trace.setSpan(caller, span));
    return ({ code, thrown }) => end(span, code, thrown, faultsOfServer);
  };
  const callHook: CallHook = Object.assign(begin, { entersContext: true });

  const interceptor: Interceptor = (next) => async (request) => {
    // A call that nobody waits for any more (a promise kept later) says itself which trace it is part of.
    const around = active.getStore() ?? propagator.extract(ROOT_CONTEXT, request.header, inHeader);
    const { method } = request;
    const attributes = { "rpc.service": method.parent.typeName, "rpc.method": method.name };
    const span = tracer.startSpan(
      `${method.parent.typeName}/${method.name}`,
      { kind: SpanKind.CLIENT, attributes },
      around,
    );
    const inside = trace.setSpan(around, span);
    propagator.inject(inside, request.header, toHeader);
    try {
      const answer = await active.run(inside, () => next(request));
      if (answer.stream) return { ...answer, message: whole(answer.message, span) };
      end(span, "ok", undefined, faultsOfClient);
      return answer;
    } catch (error) {
      end(span, endName(error), error, faultsOfClient);
      throw error;
    }
  };

  return {
    callHook,
    interceptor,
    logFields: () => {
      const span = trace.getSpanContext(active.getStore() ?? ROOT_CONTEXT);
      return span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId };
    },
    close: async () => {
      const sent = new AbortController();
      const late = options.clock.sleep(lastSendMs, { signal: sent.signal }).catch(() => undefined);
      await Promise.race([provider.shutdown().catch(options.failed), late]);
      sent.abort();
    },
  };
}

/** The exporter alone would try for ten seconds to reach a collector that is gone. */
const lastSendMs = 3000;

function sampler(ratio: number) {
  if (ratio === 1) return new AlwaysOnSampler();
  return ratio === 0 ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
}

type Fields = Readonly<Record<string, string | string[] | undefined>>;

const fieldsOfRequest = {
  keys: (fields: Fields) => Object.keys(fields),
  get: (fields: Fields, name: string) => fields[name],
};

const inHeader = {
  keys: (header: Headers) => [...header.keys()],
  get: (header: Headers, name: string) => header.get(name) ?? undefined,
};

const toHeader = {
  set: (header: Headers, name: string, value: string): void => header.set(name, value),
};

/** A caller's mistake is no fault of the server, but it is one of the call's. */
const faultsOfServer: ReadonlySet<string> = new Set([
  "unknown",
  "deadline_exceeded",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
]);
const faultsOfClient = { has: (code: string) => code !== "ok" };

function end(span: Span, code: string, thrown: unknown, faults: { has(code: string): boolean }): void {
  if (code !== "ok") span.setAttribute("rpc.connect_rpc.error_code", code);
  if (faults.has(code)) {
    const message = thrown instanceof ConnectError ? thrown.rawMessage : "";
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  }
  span.end();
}

/** The messages; the span ends with them. */
async function* whole<T>(messages: AsyncIterable<T>, span: Span): AsyncGenerator<T> {
  let thrown: unknown;
  try {
    yield* messages;
  } catch (error) {
    thrown = error;
    throw error;
  } finally {
    end(span, endName(thrown), thrown, faultsOfClient);
  }
}
