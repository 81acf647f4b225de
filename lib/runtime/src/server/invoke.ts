/**
 * Runs one handler of the table for one call. RPC and direct calls both come through here, so that abort, drain and
 * errors look the same whichever way a caller came.
 */

import { randomUUID } from "node:crypto";
import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { abortError, DataPlaneError, type Logger } from "@flyte-dataplane/core";
import { requestIdIn } from "./request-id.ts";
import { isUnplanned, toConnectError } from "./rpc-errors.ts";
import type { RunningCall } from "./running-call.ts";
import type { StreamHandler, UnaryHandler } from "./service.ts";

export interface Invocation {
  readonly method: DescMethod;
  readonly call: RunningCall;
  readonly logger: Logger;
}

/**
 * The handler's answer, a promise of it only where the handler gave one. Throws, or rejects with, a ConnectError; once the
 * call is cut it does so without waiting for the handler.
 */
export function invokeUnary(handler: UnaryHandler<unknown>, request: unknown, invocation: Invocation): unknown {
  const { call } = invocation;
  try {
    throwIfCut(call);
    const { within } = call;
    const answer = within === undefined ? handler(request, call) : within(() => handler(request, call));
    if (!(answer instanceof Promise)) return answer;
    return call.beforeCut(answer).catch((error: unknown) => {
      throw told(error, invocation);
    });
  } catch (error) {
    throw told(error, invocation);
  }
}

/**
 * The handler's messages. Throws a ConnectError; a stream that was cut always ends with the reason, even where the
 * handler ended it quietly, so that no caller takes a cut for the end.
 */
export async function* invokeStream(
  handler: StreamHandler<unknown>,
  request: unknown,
  invocation: Invocation,
): AsyncGenerator<unknown, void> {
  const { call } = invocation;
  let iterator: AsyncIterator<unknown> | undefined;
  let ended = false;
  try {
    throwIfCut(call);
    const { within } = call;
    const answers = handler(request, call)[Symbol.asyncIterator]();
    iterator = answers;
    for (;;) {
      // A generator goes on in the context of who asks it.
      const step = await call.beforeCut(within === undefined ? answers.next() : within(() => answers.next()));
      if (step.done === true) {
        ended = true;
        throwIfCut(call);
        return;
      }
      yield step.value;
    }
  } catch (error) {
    throw told(error, invocation);
  } finally {
    // A generator that is busy answers `return` only once it is free; nobody waits for that.
    if (!ended) void iterator?.return?.().then(undefined, (error: unknown) => leftBehind(error, invocation));
  }
}

function throwIfCut({ cutBy }: RunningCall): void {
  if (cutBy !== undefined) throw cutBy;
}

/** Why `signal` aborted: the deadline and the drain leave their own error there, a caller who left need not. */
export function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof ConnectError ? signal.reason : abortError(signal);
}

/** What the caller is told of `error`; the log has the rest of it, where nobody planned it. */
export function told(error: unknown, { method, call, logger }: Invocation): ConnectError {
  // What a handler throws because its signal aborted says less than why it aborted.
  const said =
    call.cutBy !== undefined && !(error instanceof DataPlaneError && error.code !== "canceled") ? call.cutBy : error;
  const connectError = toConnectError(said);
  if (isUnplanned(said)) {
    // All that the caller has is "internal error"; with this the line that says more is found.
    const requestId = requestIdIn(call.requestHeader.get("x-request-id")) ?? randomUUID();
    connectError.metadata.set("x-request-id", requestId);
    logger.error({ method: `${method.parent.typeName}/${method.name}`, requestId, error: said }, "call failed");
  }
  return connectError;
}

function leftBehind(error: unknown, { method, call, logger }: Invocation): void {
  if (call.cutBy !== undefined || !isUnplanned(error)) return;
  logger.warn({ method: `${method.parent.typeName}/${method.name}`, error }, "stream handler failed while it ended");
}
