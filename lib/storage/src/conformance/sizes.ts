import { expect, it } from "vitest";
import { bodyOf, collect, someBytes } from "./bodies.ts";
import { expectBytes } from "./expect-bytes.ts";
import type { Subject } from "./harness.ts";

const mebibyte = 1024 * 1024;

/** Around chunk, slice and part borders of the drivers. */
const cases = [
  { name: "no bytes", size: 0 },
  { name: "one byte", size: 1 },
  { name: "a chunk less one byte", size: 256 * 1024 - 1 },
  { name: "a chunk exactly", size: 256 * 1024 },
  { name: "a chunk and one byte", size: 256 * 1024 + 1 },
  { name: "a part less one byte", size: 5 * mebibyte - 1 },
  { name: "a part exactly", size: 5 * mebibyte },
  { name: "a part and one byte", size: 5 * mebibyte + 1 },
];

export function sizes({ driver }: Subject): void {
  it.each(cases)("an object of $name comes back as it was stored", async ({ size }) => {
    const bytes = someBytes(size, size);
    const put = await driver().put("folder/object", bodyOf(bytes, 100_003));
    expect(put.size).toBe(size);
    const read = driver().get("folder/object");
    expect((await read).info).toMatchObject({ key: "folder/object", size, etag: put.etag });
    expectBytes(await collect(read), bytes);
  });

  it("a body in one chunk larger than any buffer is stored whole", async () => {
    const bytes = someBytes(9 * mebibyte + 17);
    await driver().put("large", bodyOf(bytes, bytes.byteLength), { length: bytes.byteLength });
    expectBytes(await collect(driver().get("large")), bytes);
  });

  it("chunks without bytes in the middle of a body change nothing", async () => {
    async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
      yield* bodyOf(Uint8Array.of(1, 2));
      yield await Promise.resolve(new Uint8Array(0));
      yield* bodyOf(Uint8Array.of(3));
    }
    expect((await driver().put("gaps", body(), { length: 3 })).size).toBe(3);
    expect([...(await collect(driver().get("gaps")))]).toEqual([1, 2, 3]);
  });

  it("head tells size, version and a time without reading the object", async () => {
    const { etag } = await driver().put("described", bodyOf(someBytes(1234)));
    const info = await driver().head("described");
    expect(info).toMatchObject({ key: "described", size: 1234, etag });
    expect(Number.isFinite(info.modifiedAt)).toBe(true);
  });
}
