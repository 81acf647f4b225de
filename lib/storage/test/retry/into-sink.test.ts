import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";
import { beforeEach, describe, expect, it } from "vitest";
import { collect, expectBytes, someBytes } from "../../src/conformance/index.ts";
import type { BodySink, Driver, GetOptions, ObjectInfo } from "../../src/driver.ts";
import { openMemoryDriver } from "../../src/drivers/memory/driver.ts";
import { withRetry } from "../../src/with-retry.ts";
import { faulty } from "../faulty-driver.ts";
import { type InstantClock, instantClock } from "../instant-clock.ts";

const bytes = someBytes(10_000, 3);

class Kept implements BodySink {
  taking: ObjectInfo | undefined;
  ended = 0;
  readonly chunks: Buffer[] = [];

  get received(): number {
    return Buffer.concat(this.chunks).byteLength;
  }

  begin(info: ObjectInfo): boolean {
    this.taking = info;
    return true;
  }

  chunk(chunk: Uint8Array): void {
    this.chunks.push(Buffer.from(chunk));
  }

  end(): void {
    this.ended += 1;
  }
}

describe("a read into a sink that is tried again", () => {
  let clock: InstantClock;
  let memory: Driver;
  let asked: GetOptions[];

  beforeEach(async () => {
    clock = instantClock();
    memory = openMemoryDriver({ clock });
    asked = [];
    await memory.put("object", bytes);
  });

  /** Hands over so many bytes at the first read and then fails; later reads go past the sink. */
  function breaking(after: number, failure: Error): Driver {
    return withRetry(
      {
        ...memory,
        scheme: memory.scheme,
        capabilities: memory.capabilities,
        head: (key, options) => memory.head(key, options),
        put: (key, body, options) => memory.put(key, body, options),
        list: (prefix, options) => memory.list(prefix, options),
        delete: (key, options) => memory.delete(key, options),
        close: () => memory.close(),
        async get(key, options = {}) {
          asked.push(options);
          const { sink, ...rest } = options;
          const read = await memory.get(key, rest);
          if (asked.length > 1 || sink === undefined) return read;
          if (after < 0) throw failure;
          sink.begin(read.info);
          if (after > 0) sink.chunk(bytes.subarray(0, after));
          throw failure;
        },
      },
      {},
      { clock },
    );
  }

  const lineCut = new DataPlaneError("unavailable", "the line was cut");

  it.each([0, 1, 9_999, 10_000])("goes on behind the %d bytes that the sink has, of that version", async (after) => {
    const sink = new Kept();
    const { etag } = await memory.head("object");
    const read = await breaking(after, lineCut).get("object", { sink });
    expect(read).toMatchObject({ taken: true, info: { etag } });
    expect(sink.ended).toBe(1);
    expectBytes(Buffer.concat(sink.chunks), bytes);
    expect(asked.slice(1)).toMatchObject(
      after === 10_000 ? [] : [{ range: { offset: after, length: 10_000 - after }, ifMatch: etag }],
    );
  });

  it("begins anew where the sink had not begun", async () => {
    const sink = new Kept();
    const read = await breaking(-1, lineCut).get("object", { sink });
    expect(read.taken).not.toBe(true);
    expect(asked).toHaveLength(2);
    expect(asked[1]?.sink).toBe(sink);
  });

  it("does not offer the rest of a body to a sink that left it to the reader", async () => {
    const sink = new Kept();
    sink.begin = () => false;
    const cut = faulty(memory, ({ count }) => (count === 1 ? { cut: { after: 5, error: lineCut } } : undefined));
    const read = await withRetry(cut, {}, { clock }).get("object", { sink });
    expectBytes(await collect(Promise.resolve(read)), bytes);
    expect(cut.calls.map(({ options }) => options.sink)).toEqual([sink, undefined]);
  });

  it("is not tried again when the sink itself failed", async () => {
    const sink = new Kept();
    const failure = new DataPlaneError("internal", "the disk is broken");
    await expect(breaking(5, failure).get("object", { sink })).rejects.toBe(failure);
    expect(asked).toHaveLength(1);
    expect(sink.ended).toBe(0);
  });

  it("ends with aborted when the object was replaced meanwhile", async () => {
    const sink = new Kept();
    const reading = breaking(5, lineCut).get("object", { sink });
    await memory.put("object", someBytes(10_000, 9));
    await expect(reading).rejects.toMatchObject({ code: "aborted" });
    expect(sink.ended).toBe(0);
  });
});
