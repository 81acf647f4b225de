/** A call that came in over HTTP, from its head to its last byte. */

import { AsyncLocalStorage } from "node:async_hooks";
import type { Registry } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectError as ConnectErrorType } from "@connectrpc/connect";
import type { Logger } from "@flyte-dataplane/core";
import type { CallHook, EndedCall, ProtocolName } from "../server/call-hook.ts";
import type { Calls } from "../server/calls.ts";
import { told } from "../server/invoke.ts";
import { RunningCall } from "../server/running-call.ts";
import type { StreamHandler, UnaryHandler } from "../server/service.ts";
import { endName } from "./codes.ts";
import { startDeadline } from "./deadline.ts";
import type { Exchange } from "./exchange.ts";
import { webHeaders } from "./metadata.ts";
import type { Procedure } from "./procedure.ts";
import { callerLeft } from "./read-body.ts";

/** What every call of one server shares. */
export interface RpcEnvironment {
  readonly maxBytes: number;
  readonly registry: Registry;
  readonly calls: Calls;
  readonly hooks: readonly CallHook[];
  readonly logger: Logger;
  /** For what the protocols did wrong: calls answer their own errors. */
  readonly fault: (exchange: Exchange, error: unknown) => void;
}

export class OpenCall extends RunningCall {
  requestBytes = 0;
  responseBytes = 0;
  protected readonly exchange: Exchange;
  protected readonly procedure: Procedure;
  protected readonly environment: RpcEnvironment;
  readonly #endings: ((end: EndedCall) => void)[] = [];
  readonly #release: () => void;
  #stopDeadline: (() => void) | undefined;

  constructor(exchange: Exchange, procedure: Procedure, environment: RpcEnvironment) {
    super({ requestHeader: () => webHeaders(exchange.headers), target: exchange });
    this.exchange = exchange;
    this.procedure = procedure;
    this.environment = environment;
    const { methodKind } = procedure.method;
    this.#release = environment.calls.track(this, methodKind !== "unary" && methodKind !== "client_streaming");
    exchange.onClose((left) => {
      if (left) this.abort(callerLeft());
    });
  }

  /** Begins the hooks; gives the handler. Throws what a hook refuses the call with, `unimplemented` where nobody handles it. */
  begin(exchange: Exchange, protocol: ProtocolName): UnaryHandler | StreamHandler {
    const { method, handler } = this.procedure;
    const begun = { method, protocol, headers: exchange.headers, caller: exchange };
    let keepsContext = false;
    for (const hook of this.environment.hooks) {
      const ending = hook(begun);
      if (ending !== undefined) this.#endings.push(ending);
      if (hook.entersContext === true) keepsContext = true;
    }
    if (keepsContext) this.within = AsyncLocalStorage.snapshot();
    if (handler !== undefined) return handler;
    throw new ConnectError(`${method.parent.typeName}.${method.name} is not implemented`, Code.Unimplemented);
  }

  limit(timeoutMs: number | undefined): void {
    if (timeoutMs === undefined) return;
    this.timeoutMs = timeoutMs;
    this.#stopDeadline = startDeadline(timeoutMs, (reason) => this.abort(reason));
    if (this.cutBy !== undefined) throw this.cutBy;
  }

  /** What the caller is told of `error`. */
  told(error: unknown): ConnectErrorType {
    if (error instanceof ConnectError && this.cutBy === undefined) return error;
    const tell = () => told(error, { method: this.procedure.method, call: this, logger: this.environment.logger });
    return this.within === undefined ? tell() : this.within(tell);
  }

  /** To be called once, when nothing more is done for the call. */
  end(thrown?: ConnectErrorType): void {
    this.#stopDeadline?.();
    this.#release();
    const { requestBytes, responseBytes } = this;
    const code = endName(thrown);
    const ended = { code, thrown, requestBytes, responseBytes };
    for (const ending of this.#endings) {
      if (this.within === undefined) ending(ended);
      else this.within(() => ending(ended));
    }
  }
}
