import type { BodySink, ObjectInfo, ReadResult } from "../../driver.ts";
import type { BodyTaker } from "../../wire/exchange.ts";
import { objectInfo } from "./object-info.ts";

/** Offers a sink the whole object, described by its answer, before any byte of it is taken. */
export class ObjectTaker implements BodyTaker {
  readonly #key: string;
  readonly #sink: BodySink;
  #info: ObjectInfo | undefined;

  constructor(key: string, sink: BodySink) {
    this.#key = key;
    this.#sink = sink;
  }

  /** Other answers than the whole object with its length are left to whoever judges answers. */
  begin(status: number, headers: ReadonlyMap<string, string>, length: number | undefined): boolean {
    if (status !== 200 || length === undefined) return false;
    const info = objectInfo(this.#key, length, headers);
    this.#info = info;
    return this.#sink.begin(info);
  }

  chunk(bytes: Uint8Array): void {
    this.#sink.chunk(bytes);
  }

  end(): void {
    this.#sink.end();
  }

  /** Once the sink has had it all. */
  result(): ReadResult | undefined {
    return this.#info === undefined ? undefined : { info: this.#info, body: noBody, taken: true };
  }
}

const noBody: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};
