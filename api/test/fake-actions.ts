/** An actions service that writes down what it is asked and answers as the test says. */
import { create } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import {
  type AbortRequest,
  AbortResponseSchema,
  ActionsService,
  type EnqueueRequest,
  EnqueueResponseSchema,
  type SignalRequest,
  SignalResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { directTransport, rpc } from "@flyte-dataplane/runtime/server";
import { silent } from "./silent.ts";

export interface FakeActions {
  readonly client: Client<typeof ActionsService>;
  readonly enqueued: EnqueueRequest[];
  /** The header of each of those calls. */
  readonly enqueueHeaders: Headers[];
  readonly aborted: AbortRequest[];
  readonly signalled: SignalRequest[];
  /** Called with the number of calls of that kind before; what it throws is the answer. */
  onEnqueue: (before: number) => void | Promise<void>;
  onAbort: (before: number) => void | Promise<void>;
  onSignal: (before: number) => void | Promise<void>;
  /** Resolves once there have been `count` calls of that kind. */
  reached(kind: "enqueued" | "aborted" | "signalled", count: number): Promise<void>;
}

export function fakeActions(): FakeActions {
  let wake: () => void = () => undefined;
  const note = <T>(calls: T[], call: T) => {
    const before = calls.push(call) - 1;
    wake();
    return before;
  };
  const service = rpc(ActionsService, {
    enqueue: async (request, { requestHeader }) => {
      fake.enqueueHeaders.push(requestHeader);
      await fake.onEnqueue(note(fake.enqueued, request));
      return create(EnqueueResponseSchema);
    },
    abort: async (request) => {
      await fake.onAbort(note(fake.aborted, request));
      return create(AbortResponseSchema);
    },
    signal: async (request) => {
      await fake.onSignal(note(fake.signalled, request));
      return create(SignalResponseSchema);
    },
  });
  const fake: FakeActions = {
    client: createClient(ActionsService, directTransport([service], { logger: silent, freeze: true })),
    enqueued: [],
    enqueueHeaders: [],
    aborted: [],
    signalled: [],
    onEnqueue: () => undefined,
    onAbort: () => undefined,
    onSignal: () => undefined,
    reached: async (kind, count) => {
      while (fake[kind].length < count) {
        await new Promise<void>((resolve) => {
          const others = wake;
          wake = () => {
            others();
            resolve();
          };
        });
      }
    },
  };
  return fake;
}
