import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { collect, expectBytes, expectCode, someBytes, text } from "../../src/conformance/index.ts";
import { crc32Of, crcBytes } from "../../src/crc.ts";
import type { Driver } from "../../src/driver.ts";
import { openMemoryDriver } from "../../src/drivers/memory/driver.ts";
import { withRetry } from "../../src/with-retry.ts";
import { type Call, type Fault, faulty, lineCut } from "../faulty-driver.ts";
import { instantClock } from "../instant-clock.ts";
import { scratchFile } from "../wire/client-under-test.ts";
import { openRetried } from "./open-retried.ts";

describe("a body read from a flaky store", () => {
  const size = 900_000;
  const cutAt = (after: number, times: number) => (call: Call) =>
    call.operation === "get" && call.count <= times ? { cut: { after, error: lineCut() } } : undefined;

  it("goes on from its last byte, and asks for that version alone", async () => {
    const { driver, inner } = openRetried(cutAt(300_000, 2));
    const { etag } = await inner.put("object", someBytes(size));
    expectBytes(await collect(driver.get("object", { range: { offset: 10 } })), someBytes(size).subarray(10));
    expect(inner.calls.filter(({ operation }) => operation === "get").map(({ options }) => options)).toEqual([
      { range: { offset: 10 } },
      { range: { offset: 300_010, length: size - 300_010 }, ifMatch: etag },
      { range: { offset: 600_010, length: size - 600_010 }, ifMatch: etag },
    ]);
  });

  it.each([{ replacement: 5 }, { replacement: size }])(
    "that is replaced by $replacement bytes on the way is aborted, and no byte of the other version was given",
    async ({ replacement }) => {
      const { driver, inner } = openRetried((call) => ({
        ...cutAt(300_000, 1)(call),
        ...(call.count === 2 && { first: () => inner.put("object", someBytes(replacement, 9)) }),
      }));
      await inner.put("object", someBytes(size));
      const chunks: Uint8Array[] = [];
      const reading = (async () => {
        for await (const chunk of (await driver.get("object")).body) chunks.push(chunk.slice());
      })();
      await expectCode(reading, "aborted");
      expectBytes(Buffer.concat(chunks), someBytes(size).subarray(0, 300_000));
    },
  );

  it("whose line breaks behind the last byte is complete", async () => {
    const { driver, inner } = openRetried(cutAt(size, 1));
    await inner.put("object", someBytes(size));
    expectBytes(await collect(driver.get("object")), someBytes(size));
    expect(inner.calls.filter(({ operation }) => operation === "get")).toHaveLength(1);
  });

  it("is given up after five attempts that bring next to nothing", async () => {
    const { driver, inner } = openRetried(cutAt(1000, 99));
    await inner.put("object", someBytes(size));
    await expect(collect(driver.get("object"))).rejects.toThrow(/5 attempts/);
  });

  it("arrives over a line that breaks at each mebibyte, however many there are", async () => {
    const mebibyte = 1024 * 1024;
    // Each retry pays for itself: a budget of two of them is enough.
    const { driver, inner } = openRetried(cutAt(mebibyte, 99), { budget: 10 });
    await inner.put("object", someBytes(9 * mebibyte));
    expectBytes(await collect(driver.get("object")), someBytes(9 * mebibyte));
  });

  /** As a store that keeps checksums. */
  const knowing = (inner: Driver): Driver => ({
    ...inner,
    async get(key, options) {
      const read = await inner.get(key, options);
      return { ...read, info: { ...read.info, checksums: { crc32: crcBytes(crc32Of(someBytes(size))) } } };
    },
  });

  it.each([
    { way: "as chunks", read: async (driver: Driver) => await collect(driver.get("object")) },
    {
      way: "into a file",
      read: async (driver: Driver) => {
        const { toFile } = await driver.get("object");
        return await toFile?.({ fd: (await scratchFile()).fd, position: 0 });
      },
    },
  ])("and resumed $way is compared with the store's checksum as a whole", async ({ read }) => {
    const flips = (call: Call): Fault | undefined => (call.count === 2 ? { flip: 17 } : cutAt(300_000, 1)(call));
    for (const [fault, code] of [
      [flips, "data_loss"],
      [cutAt(300_000, 1), undefined],
    ] as const) {
      const clock = instantClock();
      const inner = faulty(openMemoryDriver({ clock }), fault);
      await inner.put("object", someBytes(size));
      const reading = read(withRetry(knowing(inner), {}, { clock }));
      if (code === undefined) await reading;
      else await expectCode(reading, code);
    }
  });

  it("of a version that is gone is not asked for again", async () => {
    const { driver, inner } = openRetried(() => undefined);
    await inner.put("object", text("x"));
    await expectCode(driver.get("object", { ifMatch: "other" }), "aborted");
    expect(inner.calls.filter(({ operation }) => operation === "get")).toHaveLength(1);
  });
});

describe("a listing of a flaky store", () => {
  it("goes on behind its last key and gives each key once", async () => {
    const { driver, inner } = openRetried((call) =>
      call.operation === "list" && call.count < 4 ? { cut: { after: 3, error: lineCut() } } : undefined,
    );
    const keys = Array.from({ length: 10 }, (_, index) => `k${index}`);
    for (const key of keys) await inner.put(key, text(key));
    const found: string[] = [];
    for await (const { key } of driver.list("k", { limit: 8 })) found.push(key);
    expect(found).toEqual(keys.slice(0, 8));
    expect(inner.calls.filter(({ operation }) => operation === "list").map(({ options }) => options)).toEqual([
      { limit: 8 },
      { limit: 5, startAfter: "k2" },
      { limit: 2, startAfter: "k5" },
    ]);
  });

  it("that fails five times at one key fails with the number of attempts", async () => {
    const { driver } = openRetried(() => ({ refuse: lineCut() }));
    await expect(driver.list("")[Symbol.asyncIterator]().next()).rejects.toThrow("(5 attempts)");
  });
});
