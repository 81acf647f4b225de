import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { FileTarget } from "../driver.ts";
import type { WireResponse } from "./exchange.ts";
import type { Intake } from "./intake.ts";
import type { ResponseHead } from "./response-head.ts";
import { saveBody } from "./save-body.ts";

/** As much as is read off to keep a connection; a new one costs about that. */
const smallRestBytes = 64 * 1024;
const restTimeoutMs = 1000;

export interface ResponseParts {
  readonly head: ResponseHead;
  readonly length: number | undefined;
  readonly intake: Intake;
  readonly writes: "sync" | "async";
  /** Runs once the body is taken or given up. */
  readonly onSettled: () => void;
}

/** The four ways to take a body; each of them leaves the connection free or closed. */
export class Response implements WireResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly length: number | undefined;
  readonly #parts: ResponseParts;
  #taken = false;

  constructor(parts: ResponseParts) {
    this.status = parts.head.status;
    this.headers = parts.head.headers;
    this.length = parts.length;
    this.#parts = parts;
  }

  get body(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#chunks() };
  }

  async toFile(target: FileTarget): Promise<number> {
    return await this.#take(() => saveBody(this.#parts.intake, target, this.#parts.writes));
  }

  async bytes(maxBytes: number): Promise<Uint8Array> {
    return await this.#take(async () => {
      const { intake } = this.#parts;
      const chunks: Uint8Array[] = [];
      let size = 0;
      for (let chunk = await intake.next(1); chunk !== undefined; chunk = await intake.next(1)) {
        size += chunk.byteLength;
        if (size > maxBytes) throw new DataPlaneError("resource_exhausted", `a body of more than ${maxBytes} bytes`);
        chunks.push(new Uint8Array(chunk));
      }
      return Buffer.concat(chunks);
    });
  }

  async discard(): Promise<void> {
    await this.#take(() => drain(this.#parts.intake)).catch(() => undefined);
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    this.#claim();
    const { intake, onSettled } = this.#parts;
    let exhausted = false;
    try {
      for (let chunk = await intake.next(1); chunk !== undefined; chunk = await intake.next(1)) yield chunk;
      exhausted = true;
    } finally {
      if (!exhausted) await drain(intake).catch(() => undefined);
      onSettled();
    }
  }

  async #take<T>(action: () => Promise<T>): Promise<T> {
    this.#claim();
    try {
      return await action();
    } catch (error) {
      this.#parts.intake.abandon(leftOver());
      throw error;
    } finally {
      this.#parts.onSettled();
    }
  }

  #claim(): void {
    if (this.#taken) throw takenAlready();
    this.#taken = true;
  }
}

/** The response whose body went to the request's taker. */
export class TakenResponse implements WireResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly length: undefined = undefined;
  readonly taken = true;

  constructor({ status, headers }: ResponseHead) {
    this.status = status;
    this.headers = headers;
  }

  get body(): AsyncIterable<Uint8Array> {
    throw takenAlready();
  }

  toFile(): Promise<number> {
    return Promise.reject(takenAlready());
  }

  bytes(): Promise<Uint8Array> {
    return Promise.reject(takenAlready());
  }

  discard(): Promise<void> {
    return Promise.resolve();
  }
}

/** Reads the rest if it is small and comes soon, else rejects and closes the connection. */
async function drain(intake: Intake): Promise<void> {
  const timer = setTimeout(() => intake.abandon(leftOver()), restTimeoutMs);
  try {
    let size = 0;
    for (let chunk = await intake.next(1); chunk !== undefined; chunk = await intake.next(1)) {
      size += chunk.byteLength;
      if (size > smallRestBytes) throw leftOver();
    }
  } catch (error) {
    intake.abandon(leftOver());
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function takenAlready(): DataPlaneError {
  return new DataPlaneError("failed_precondition", "the body of a response is taken once");
}

function leftOver(): DataPlaneError {
  return new DataPlaneError("canceled", "nobody takes the rest of the body");
}
