/** The service of the suite: each call answers what its request asks for, and says what the server saw of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { create, type DescMessage, type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { type CallContext, type Handlers, type RpcService, rpc } from "../../src/server/index.ts";
import type { ConformanceMessages, Header, StreamDefinition, UnaryDefinition, WantedError } from "./messages.ts";

type Asking<Definition> = Message & { readonly responseDefinition?: Definition };
type BidiAsking = Asking<StreamDefinition> & { readonly fullDuplex: boolean };

export function conformanceService(messages: ConformanceMessages): RpcService {
  const { service } = messages;
  const infoSchema = messages.message("ConformancePayload.RequestInfo");
  const method = (name: string): DescMethod => {
    const found = service.methods.find((each) => each.localName === name);
    if (found === undefined) throw new TypeError(`no method ${name}`);
    return found;
  };
  const answer = (to: DescMethod, data: Uint8Array, requestInfo?: Message): Message =>
    create(to.output, { payload: { data, ...(requestInfo === undefined ? {} : { requestInfo }) } });

  const unary = (name: string) => {
    const to = method(name);
    return async (request: Asking<UnaryDefinition>, context: CallContext): Promise<Message> =>
      await one(to, request.responseDefinition, [request], context);
  };
  const one = async (
    to: DescMethod,
    definition: UnaryDefinition | undefined,
    requests: readonly Message[],
    context: CallContext,
  ): Promise<Message> => {
    const info = requestInfo(infoSchema, to, requests, context);
    setMetadata(definition, context);
    await delay(definition, context);
    if (definition?.response.case === "error") throw wanted(definition.response.value, { infoSchema, info });
    const data = definition?.response.case === "responseData" ? definition.response.value : new Uint8Array();
    return answer(to, data, info);
  };

  const handlers = {
    unary: unary("unary"),
    idempotentUnary: unary("idempotentUnary"),
    clientStream: async (requests: AsyncIterable<Asking<UnaryDefinition>>, context: CallContext) => {
      const all: Asking<UnaryDefinition>[] = [];
      for await (const request of requests) all.push(request);
      return await one(method("clientStream"), all[0]?.responseDefinition, all, context);
    },
    serverStream: (request: Asking<StreamDefinition>, context: CallContext) =>
      many(method("serverStream"), request.responseDefinition, [request], context),
    bidiStream: (requests: AsyncIterable<BidiAsking>, context: CallContext) => bidi(requests, context),
  };

  async function* many(
    to: DescMethod,
    definition: StreamDefinition | undefined,
    requests: readonly Message[],
    context: CallContext,
  ): AsyncGenerator<Message> {
    const info = requestInfo(infoSchema, to, requests, context);
    setMetadata(definition, context);
    let sent = 0;
    for (const data of definition?.responseData ?? []) {
      await delay(definition, context);
      yield answer(to, data, sent === 0 ? info : undefined);
      sent += 1;
    }
    if (definition?.error !== undefined) throw wanted(definition.error, sent === 0 ? { infoSchema, info } : undefined);
  }

  async function* bidi(requests: AsyncIterable<BidiAsking>, context: CallContext): AsyncGenerator<Message> {
    const to = method("bidiStream");
    let waiting: BidiAsking[] = [];
    let first: BidiAsking | undefined;
    let sent = 0;
    for await (const request of requests) {
      if (first === undefined) {
        first = request;
        if (first.fullDuplex) setMetadata(first.responseDefinition, context);
      }
      waiting.push(request);
      if (!first.fullDuplex) continue;
      const data = first.responseDefinition?.responseData[sent];
      // Who has nothing more to say does not wait for the end of what it is told.
      if (data === undefined) break;
      await delay(first.responseDefinition, context);
      yield answer(to, data, requestInfo(infoSchema, to, waiting, context, sent === 0));
      sent += 1;
      waiting = [];
    }
    const definition = first?.responseDefinition;
    if (first?.fullDuplex !== true) {
      yield* many(to, definition, waiting, context);
      return;
    }
    const info = sent === 0 ? requestInfo(infoSchema, to, waiting, context) : undefined;
    for (const data of definition?.responseData.slice(sent) ?? []) {
      await delay(definition, context);
      yield answer(to, data, sent === 0 ? info : undefined);
      sent += 1;
    }
    if (definition?.error === undefined) return;
    throw wanted(definition.error, sent === 0 && info !== undefined ? { infoSchema, info } : undefined);
  }

  // Messages of descriptors that are read at run time have no types of their own.
  return rpc(service, handlers as unknown as Handlers<typeof service>);
}

async function delay(definition: UnaryDefinition | StreamDefinition | undefined, context: CallContext): Promise<void> {
  const ms = definition?.responseDelayMs ?? 0;
  if (ms > 0) await sleep(ms, undefined, { signal: context.signal });
}

function setMetadata(definition: UnaryDefinition | StreamDefinition | undefined, context: CallContext): void {
  for (const { name, value } of definition?.responseHeaders ?? [])
    for (const item of value) context.responseHeader.append(name, item);
  for (const { name, value } of definition?.responseTrailers ?? [])
    for (const item of value) context.responseTrailer.append(name, item);
}

function requestInfo(
  schema: DescMessage,
  to: DescMethod,
  requests: readonly Message[],
  context: CallContext,
  withMetadata = true,
): Message {
  const packed: Any[] = requests.map((request) => anyPack(to.input, request));
  if (!withMetadata) return create(schema, { requests: packed });
  const headers: Header[] = [...context.requestHeader].map(([name, value]) => ({ name, value: [value] }));
  const { target, timeoutMs } = context;
  const query = target?.method === "GET" ? new URLSearchParams(target.query) : undefined;
  return create(schema, {
    requestHeaders: headers,
    requests: packed,
    ...(timeoutMs === undefined ? {} : { timeoutMs: BigInt(Math.floor(timeoutMs)) }),
    ...(query === undefined
      ? {}
      : { connectGetInfo: { queryParams: [...query].map(([name, value]) => ({ name, value: [value] })) } }),
  });
}

function wanted(
  error: WantedError,
  info: { readonly infoSchema: DescMessage; readonly info: Message } | undefined,
): ConnectError {
  const thrown = new ConnectError(error.message ?? "", error.code);
  thrown.details = error.details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  if (info !== undefined)
    thrown.details.push({ type: info.infoSchema.typeName, value: toBinary(info.infoSchema, info.info) });
  return thrown;
}
