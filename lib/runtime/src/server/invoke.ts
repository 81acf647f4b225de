/**
 * Runs one handler of the table for one call. RPC and direct calls both come through here, so that abort, drain and
 * errors look the same whichever way a caller came.
 */

import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { abortError, DataPlaneError, type Logger } from "@flyte-dataplane/core";
import { isUnplanned, toConnectError } from "./rpc-errors.ts";
import type { CallContext, StreamHandler, UnaryHandler } from "./service.ts";

export interface Invocation {
  readonly method: DescMethod;
  readonly context: CallContext;
  readonly logger: Logger;
}

/** The handler's answer. Rejects with a ConnectError; once `context.signal` aborts it does so without waiting for the handler. */
export async function invokeUnary(
  handler: UnaryHandler<unknown>,
  request: unknown,
  invocation: Invocation,
): Promise<unknown> {
  const { signal } = invocation.context;
  try {
    return await beforeAbort(signal, async () => handler(request, invocation.context));
  } catch (error) {
    throw answer(error, invocation);
  }
}

/**
 * The handler's messages. Throws a ConnectError; a stream that was cut by `context.signal` always ends with the
 * signal's reason, even where the handler ended it quietly, so that no caller takes a cut for the end.
 */
export async function* invokeStream(
  handler: StreamHandler<unknown>,
  request: unknown,
  invocation: Invocation,
): AsyncGenerator<unknown, void> {
  const { signal } = invocation.context;
  let iterator: AsyncIterator<unknown> | undefined;
  let ended = false;
  try {
    if (signal.aborted) throw abortReason(signal);
    iterator = handler(request, invocation.context)[Symbol.asyncIterator]();
    for (;;) {
      const source = iterator;
      const step = await beforeAbort(signal, () => source.next());
      if (step.done === true) {
        ended = true;
        if (signal.aborted) throw abortReason(signal);
        return;
      }
      yield step.value;
    }
  } catch (error) {
    throw answer(error, invocation);
  } finally {
    // A generator that is busy answers `return` only once it is free; nobody waits for that.
    if (!ended) void iterator?.return?.().then(undefined, (error: unknown) => leftBehind(error, invocation));
  }
}

async function beforeAbort<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (signal.aborted) throw abortReason(signal);
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    const listener = (): void => reject(abortReason(signal));
    signal.addEventListener("abort", listener, { once: true });
    stop = () => signal.removeEventListener("abort", listener);
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    stop();
  }
}

/** Why `signal` aborted: the deadline and the drain leave their own error there, a caller who left need not. */
export function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof ConnectError ? signal.reason : abortError(signal);
}

function answer(error: unknown, { method, context, logger }: Invocation): ConnectError {
  // What a handler throws because its signal aborted says less than why it aborted.
  const told =
    context.signal.aborted && !(error instanceof DataPlaneError && error.code !== "canceled")
      ? abortReason(context.signal)
      : error;
  if (isUnplanned(told))
    logger.error({ method: `${method.parent.typeName}/${method.name}`, error: told }, "call failed");
  return toConnectError(told);
}

function leftBehind(error: unknown, { method, context, logger }: Invocation): void {
  if (context.signal.aborted || !isUnplanned(error)) return;
  logger.warn({ method: `${method.parent.typeName}/${method.name}`, error }, "stream handler failed while it ended");
}
