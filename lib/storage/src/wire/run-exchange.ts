import { abortError, DataPlaneError } from "@flyte-dataplane/core";
import type { Source } from "../driver.ts";
import { type Abortable, type AbortWatch, abortWatch } from "./abort-watch.ts";
import { type BodyFraming, endedEarly } from "./body-framing.ts";
import type { Connection } from "./connection.ts";
import { Consent } from "./consent.ts";
import type { WireResponse } from "./exchange.ts";
import { NothingHeard, tooEarly } from "./failures.ts";
import { FinalHead } from "./final-head.ts";
import { framingOf } from "./framing-of.ts";
import { Handover, type HandoverSupply } from "./handover.ts";
import { type BodySupply, Intake } from "./intake.ts";
import { keepAliveMs } from "./keep-alive.ts";
import { sharedRoom } from "./memory.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Receiver } from "./receiver.ts";
import { Response, TakenResponse } from "./response.ts";
import type { ResponseHead } from "./response-head.ts";
import { sendRequest } from "./send-request.ts";

export interface ExchangeOptions {
  readonly writes: "sync" | "async";
  readonly firstByteTimeoutMs: number;
  readonly lateAnswerTimeoutMs: number;
  /** Takes the connection back; it may stay idle for `keepMs`, and has to close if that is 0. */
  readonly release: (connection: Connection, keepMs: number) => void;
}

/** Turns of the event loop in which the news that the kernel took the last piece arrives; over TLS it takes two. */
const newsTurns = 8;

/**
 * Sends one request over `connection` and resolves to its response as soon as the final head is there, be the request sent
 * or not: what a server says early is an answer too, unless it is praise. Rejects with `NothingHeard` where it may be sent once more.
 */
export function runExchange(
  connection: Connection,
  outgoing: Outgoing,
  options: ExchangeOptions,
): Promise<WireResponse> {
  if (outgoing.signal?.aborted === true) {
    connection.close();
    return Promise.reject(abortError(outgoing.signal));
  }
  return new Promise((resolve, reject) => {
    const exchange = new Exchange(connection, outgoing, options, resolve, reject);
    connection.receiver = exchange;
    exchange.begin();
  });
}

class Exchange implements Receiver, BodySupply, HandoverSupply, Abortable {
  readonly #connection: Connection;
  readonly #outgoing: Outgoing;
  readonly #options: ExchangeOptions;
  readonly #resolve: (response: WireResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #heads = new FinalHead();
  readonly #consent: Consent | undefined;
  readonly #watch: AbortWatch | undefined;
  #stop: AbortController | undefined;
  #intake: Intake | undefined;
  /** The head of a body that goes to the taker. */
  #handing: ResponseHead | undefined;
  #keepMs = 0;
  #heard = false;
  #sent = false;
  /** It failed before there was a response. */
  #over = false;
  #released = false;

  constructor(
    connection: Connection,
    outgoing: Outgoing,
    options: ExchangeOptions,
    resolve: (response: WireResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#connection = connection;
    this.#outgoing = outgoing;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    const { signal, expectsContinue } = outgoing;
    this.#consent = expectsContinue ? new Consent() : undefined;
    this.#watch = signal === undefined ? undefined : abortWatch(signal);
    this.#watch?.add(this);
  }

  begin(): void {
    const { head, body, bodyLength } = this.#outgoing;
    if (body !== undefined && bodyLength !== undefined) {
      void this.#send(body, bodyLength);
      return;
    }
    this.#connection.send(head);
    this.#sent = true;
    this.#awaitHead();
  }

  /** Never rejects: what goes wrong ends the exchange. */
  async #send(body: Source, bodyLength: number | "chunked"): Promise<void> {
    try {
      await sendRequest(this.#connection, this.#outgoing.head, body, {
        length: bodyLength,
        writes: this.#options.writes,
        consent: this.#consent,
        mayStop: () => this.#mayStop(),
        onSent: () => {
          this.#sent = true;
        },
      });
      if (this.#stop?.signal.aborted === true) return;
      this.#sent = true;
      if (this.#intake === undefined && !this.#over) this.#awaitHead();
    } catch (error) {
      // An answer that is there counts, whatever became of the rest of the request.
      if (this.#intake === undefined) this.#giveUp(error);
    }
  }

  #awaitHead(): void {
    const { firstByteTimeoutMs, lateAnswerTimeoutMs } = this.#options;
    const timeoutMs = this.#outgoing.answersLate ? lateAnswerTimeoutMs : firstByteTimeoutMs;
    this.#connection.alarm.set(timeoutMs, () => {
      const what = `no whole head of a response within ${timeoutMs} ms`;
      this.#giveUp(new DataPlaneError("unavailable", `${this.#connection.peer}: ${what}`));
    });
  }

  /** The signal that ends the sending of a large body; aborted at once where there is an answer already. */
  #mayStop(): AbortSignal {
    this.#stop = new AbortController();
    // The server may wait for the body that it refused, and would take the next request for it.
    if (this.#over || this.#intake !== undefined) this.#stop.abort();
    return this.#stop.signal;
  }

  room(): Uint8Array {
    return sharedRoom;
  }

  arrived(bytes: Uint8Array): boolean {
    this.#heard = true;
    try {
      const taken = this.#heads.push(bytes);
      if (this.#heads.continued) this.#consent?.give();
      if (this.#heads.head === undefined) return true;
      return this.#answer(this.#heads.head, bytes.subarray(taken));
    } catch (error) {
      this.#connection.fail(error as DataPlaneError);
      return false;
    }
  }

  #answer(head: ResponseHead, rest: Uint8Array): boolean {
    this.#connection.alarm.stop();
    const framing = framingOf(this.#outgoing.method, head);
    this.#keepMs = keepAliveMs(head);
    const handed = this.#handOver(head, framing, rest);
    if (handed !== undefined) return handed;
    const intake = new Intake(framing, this);
    this.#intake = intake;
    this.#connection.receiver = intake;
    this.#consent?.give();
    const { length } = framing;
    const onSettled = (): void => this.#forgetSignal();
    const response = new Response({ head, length, intake, writes: this.#options.writes, onSettled });
    if (this.#sent) this.#resolve(response);
    else this.#answeredEarly(response);
    return intake.begin(rest);
  }

  /** Often the kernel took the last piece in this very turn of the event loop, and the news is only on its way. */
  #answeredEarly(response: Response): void {
    if (response.status < 300) {
      this.#stop?.abort();
      this.#onceSent(() => this.#believe(response));
    } else {
      this.#resolve(response);
      setImmediate(() => {
        if (!this.#sent) this.#stop?.abort();
      });
    }
  }

  /** Runs `then` once the kernel has all of the request, or will not have it. */
  #onceSent(then: () => void, turns: number = newsTurns): void {
    if (this.#sent || turns === 0) then();
    else setImmediate(() => this.#onceSent(then, turns - 1));
  }

  /** Nobody can have stored a body that did not leave, whatever is said of it. */
  #believe(response: Response): void {
    if (this.#sent) {
      this.#resolve(response);
      return;
    }
    const { signal } = this.#outgoing;
    const error = signal?.aborted === true ? abortError(signal) : tooEarly(this.#connection.peer, response.status);
    this.#intake?.abandon(error);
    this.#forgetSignal();
    this.#reject(error);
  }

  /** As `Receiver.arrived`; undefined where there is no taker, or it leaves the body to others. */
  #handOver(head: ResponseHead, framing: BodyFraming, rest: Uint8Array): boolean | undefined {
    const { taker } = this.#outgoing;
    if (taker === undefined) return undefined;
    try {
      if (!taker.begin(head.status, head.headers, framing.length)) return undefined;
    } catch (error) {
      this.#giveUp(error);
      return false;
    }
    const handover = new Handover(framing, taker, this);
    this.#handing = head;
    this.#connection.receiver = handover;
    return handover.begin(rest);
  }

  handedOver(surplus: boolean): void {
    if (this.#over || this.#handing === undefined) return;
    this.#over = true;
    this.#released = true;
    this.#forgetSignal();
    this.#options.release(this.#connection, surplus ? 0 : this.#keepMs);
    this.#resolve(new TakenResponse(this.#handing));
  }

  refused(error: unknown): void {
    this.#giveUp(error);
  }

  ended(): void {
    this.#connection.fail(endedEarly(this.#heard ? "within the head of the response" : "before it answered"));
  }

  failed(error: DataPlaneError): void {
    if (this.#over) return;
    const lost = !this.#heard && error.code === "unavailable";
    this.#settle(lost ? new NothingHeard(error.code, error.message, { cause: error }) : error);
  }

  silent(): boolean {
    return this.#connection.writing;
  }

  resume(): void {
    this.#connection.resume();
  }

  watchSilence(): void {
    this.#connection.watchSilence();
  }

  /** What breaks the body off; a connection that is free again is not touched. */
  fail(error: DataPlaneError): void {
    this.#stop?.abort();
    if (!this.#released) this.#connection.fail(error);
  }

  complete(surplus: boolean): void {
    this.#released = true;
    if (surplus) this.#keepMs = 0;
    if (this.#sent) this.#release();
    // Behind the look of `#answeredEarly`, which decides.
    else this.#onceSent(() => this.#release());
  }

  overrun(): void {
    this.#keepMs = 0;
  }

  #release(): void {
    this.#stop?.abort();
    this.#options.release(this.#connection, this.#sent ? this.#keepMs : 0);
  }

  aborted(): void {
    const { signal } = this.#outgoing;
    const error = signal === undefined ? new DataPlaneError("canceled", "canceled") : abortError(signal);
    if (this.#intake === undefined) this.#giveUp(error);
    else this.#intake.abandon(error);
  }

  /** Ends the exchange for a reason that is not the connection's. */
  #giveUp(error: unknown): void {
    if (this.#over) return;
    this.#settle(error);
    this.#connection.close();
  }

  #settle(error: unknown): void {
    this.#over = true;
    this.#connection.alarm.stop();
    this.#consent?.give();
    this.#stop?.abort();
    this.#forgetSignal();
    this.#reject(error);
  }

  #forgetSignal(): void {
    this.#watch?.delete(this);
  }
}
