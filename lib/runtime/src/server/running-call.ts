/**
 * A call under way as its handler sees it. Signal and headers are made when they are first asked for: most handlers of
 * short calls never do, and each costs as much as the rest of a small call.
 */
import { answerHeaders } from "./answer-headers.ts";
import type { CallContext, Caller, CallTarget } from "./service.ts";
import type { Placed } from "./under-way.ts";

export interface RunningCallOptions {
  readonly requestHeader: () => Headers;
  /** The HTTP request, where there is one. */
  readonly target?: CallTarget;
}

export class RunningCall implements CallContext, Placed {
  place = -1;
  timeoutMs: number | undefined;
  caller: Caller | undefined;
  /** Runs `action` in the context that the call began in; undefined where none has to be kept. */
  within: (<T>(action: () => T) => T) | undefined;
  readonly target: CallTarget | undefined;
  readonly #makeHeader: () => Headers;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #controller: AbortController | undefined;
  #reason: Error | undefined;
  #onAbort: ((reason: Error) => void) | undefined;

  constructor(options: RunningCallOptions) {
    this.#makeHeader = options.requestHeader;
    this.target = options.target;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= this.#makeHeader();
    return this.#requestHeader;
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= answerHeaders();
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= answerHeaders();
    return this.#responseTrailer;
  }

  /** What the handler set, if it set anything. */
  get setHeader(): Headers | undefined {
    return this.#responseHeader;
  }

  get setTrailer(): Headers | undefined {
    return this.#responseTrailer;
  }

  /** Why the call was cut; undefined while it was not. */
  get cutBy(): Error | undefined {
    return this.#reason;
  }

  /** Cuts the call; a second reason changes nothing. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    const listener = this.#onAbort;
    this.#onAbort = undefined;
    listener?.(reason);
  }

  /** Tells `listener` when the call is cut, at once if it is. Of several, `beforeCut`'s among them, only the last is told. */
  whenCut(listener: ((reason: Error) => void) | undefined): void {
    this.#onAbort = listener;
    if (this.#reason === undefined || listener === undefined) return;
    this.#onAbort = undefined;
    listener(this.#reason);
  }

  /** Settles as `work` does, or rejects at once when the call is cut. Of several at a time only the last is told. */
  beforeCut<T>(work: Promise<T>): Promise<T> {
    if (this.#reason !== undefined) {
      work.catch(() => undefined);
      return Promise.reject(this.#reason);
    }
    return new Promise((resolve, reject) => {
      this.#onAbort = reject;
      work.then(resolve, reject);
    });
  }
}
