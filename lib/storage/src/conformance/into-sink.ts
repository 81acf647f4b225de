import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import type { BodySink, ObjectInfo, ReadResult } from "../driver.ts";
import { collect, someBytes } from "./bodies.ts";
import { expectBytes } from "./expect-bytes.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";

const size = 300_000;

/** A sink in memory. */
class Sink implements BodySink {
  taking: ObjectInfo | undefined;
  ended = 0;
  readonly chunks: Buffer[] = [];
  readonly #onChunk: () => void;

  constructor(onChunk = (): void => undefined) {
    this.#onChunk = onChunk;
  }

  get received(): number {
    return Buffer.concat(this.chunks).byteLength;
  }

  begin(info: ObjectInfo): boolean {
    this.taking = info;
    return true;
  }

  chunk(bytes: Uint8Array): void {
    this.chunks.push(Buffer.from(bytes));
    this.#onChunk();
  }

  end(): void {
    this.ended += 1;
  }
}

/** A driver may pass over a sink; then the body is there as ever. */
export function intoSink({ driver, leftovers }: Subject): void {
  it.each([0, 1, size])("an object of %d bytes is handed over whole, or left whole", async (length) => {
    const bytes = someBytes(length, 4);
    const { etag } = await driver().put("object", bytes);
    const sink = new Sink();
    const read = await driver().get("object", { sink });
    expect(read.info).toMatchObject({ key: "object", size: length, etag });
    const left = await collect(Promise.resolve(read));
    if (read.taken === true) {
      expect(sink.ended).toBe(1);
      expect(left.byteLength).toBe(0);
      expect(sink.taking?.etag).toBe(etag);
    } else expect([sink.ended, sink.chunks.length]).toEqual([0, 0]);
    expectBytes(read.taken === true ? Buffer.concat(sink.chunks) : left, bytes);
  });

  it("one that declines leaves the body to the reader", async () => {
    const bytes = someBytes(size, 5);
    await driver().put("object", bytes);
    const sink = new Sink();
    sink.begin = () => false;
    const read = await driver().get("object", { sink });
    expect(read.taken).not.toBe(true);
    expectBytes(await collect(Promise.resolve(read)), bytes);
  });

  it("what a sink throws is what the read rejects with, and nothing stays open", async () => {
    await driver().put("object", someBytes(size));
    const sink = new Sink(() => {
      throw new RangeError("no more");
    });
    const error: unknown = await reading(driver().get("object", { sink })).catch((reason: unknown) => reason);
    if (sink.chunks.length > 0) expect(String(error)).toContain("no more");
    expect(sink.ended).toBe(0);
    await expect.poll(leftovers).toEqual([]);
  });

  it("an abort ends a body on its way into a sink with canceled, and nothing stays open", async () => {
    await driver().put("object", someBytes(8_000_000));
    const stop = new AbortController();
    const sink = new Sink(() => stop.abort());
    const read = driver().get("object", { sink, signal: stop.signal });
    await read.catch(() => undefined);
    if (sink.chunks.length === 0) return await drop(await read);
    await expectCode(read, "canceled");
    expect(sink.ended).toBe(0);
    await expect.poll(leftovers).toEqual([]);
  });

  it("an object that is not there is none for a sink either", async () => {
    const sink = new Sink();
    await expectCode(driver().get("absent", { sink }), "not_found");
    expect(sink.taking).toBeUndefined();
  });
}

async function reading(read: Promise<ReadResult>): Promise<void> {
  await drop(await read);
}

async function drop({ body }: ReadResult): Promise<void> {
  for await (const _chunk of body) return;
}
