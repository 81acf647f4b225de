import { Buffer } from "node:buffer";
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { collect, describeDriver, expectBytes, expectCode, someBytes, text } from "../src/conformance/index.ts";
import { crc32Of, crcBytes } from "../src/crc.ts";
import type { Driver } from "../src/driver.ts";
import { openMemoryDriver } from "../src/drivers/memory/driver.ts";
import { StoreAnswer } from "../src/store-answer.ts";
import { withRetry } from "../src/with-retry.ts";
import { type Call, type Fault, type FaultyDriver, faulty, lineCut } from "./faulty-driver.ts";
import { fileHarness } from "./file-store.ts";
import { type InstantClock, instantClock } from "./instant-clock.ts";
import { memoryHarness } from "./memory-store.ts";
import { scratchFile } from "./wire/client-under-test.ts";

/**
 * Every seventh call is refused before it is heard, every second listing breaks off, and every second body but those of
 * "object": the suite replaces that one under its readers, who then get no rest of the old version, and rightly so.
 */
const badDay = ({ operation, key, count }: Call): Fault | undefined => {
  if (count % 7 === 1) return { refuse: lineCut() };
  if (operation === "get" && key !== "object" && count % 2 === 0) return { cut: { after: 70_001, error: lineCut() } };
  if (operation === "list" && count % 2 === 0) return { cut: { after: 1, error: lineCut() } };
  return undefined;
};

describeDriver("retried flaky memory", () =>
  memoryHarness((driver) => withRetry(faulty(driver, badDay), { attempts: 8 }, { clock: instantClock() })),
);
describeDriver("retried flaky file", () =>
  fileHarness((driver) => withRetry(faulty(driver, badDay), { attempts: 8 }, { clock: instantClock() })),
);
describeDriver("retried memory", () => memoryHarness((driver) => withRetry(driver, {}, { clock: instantClock() })));

interface Opened {
  readonly driver: ReturnType<typeof withRetry>;
  readonly inner: FaultyDriver;
  readonly clock: InstantClock;
}

function open(fault: (call: Call) => Fault | undefined, policy: Parameters<typeof withRetry>[1] = {}): Opened {
  const clock = instantClock();
  const inner = faulty(openMemoryDriver({ clock }), fault);
  return { driver: withRetry(inner, policy, { clock, random: () => 0.5 }), inner, clock };
}

/** Refuses the first calls of an operation. */
function refusing(operation: Call["operation"], times: number, error: () => Error): (call: Call) => Fault | undefined {
  return (call) => (call.operation === operation && call.count <= times ? { refuse: error() } : undefined);
}

const answer = (status: number, code: string, retryAfterMs?: number): StoreAnswer =>
  new StoreAnswer(status, code, { retryAfterMs });

describe("further attempts", () => {
  it("come after a random share of a wait that doubles, and the last error names their number", async () => {
    const { driver, clock } = open(() => ({ refuse: lineCut() }));
    await expect(driver.head("object")).rejects.toMatchObject({
      code: "unavailable",
      message: "the line was cut (5 attempts)",
    });
    expect(clock.waits).toEqual([50, 100, 200, 400]);
  });

  it("come no sooner than the store asks", async () => {
    const busy = (): Error => new DataPlaneError("unavailable", "slow down", { cause: answer(503, "SlowDown", 3000) });
    const { driver, clock } = open(refusing("put", 1, busy));
    await driver.put("object", text("x"));
    expect(clock.waits).toEqual([3000]);
  });

  it("do not come where the store asks for a wait without measure", async () => {
    const busy = (): Error =>
      new DataPlaneError("unavailable", "slow down", { cause: answer(503, "SlowDown", 3_600_000) });
    const { driver, clock } = open(refusing("put", 1, busy));
    await expect(driver.put("object", text("x"))).rejects.toThrow(/longer wait/);
    expect(clock.waits).toEqual([]);
  });

  const final: readonly ErrorCode[] = [
    "unauthenticated",
    "permission_denied",
    "not_found",
    "already_exists",
    "invalid_argument",
    "failed_precondition",
    "unimplemented",
    "data_loss",
    "canceled",
  ];
  it.each(final)("are not made after %s, and the error stays as it was", async (code) => {
    const error = new DataPlaneError(code, "no");
    const { driver, inner } = open(() => ({ refuse: error }));
    await expect(driver.head("object")).rejects.toBe(error);
    expect(inner.calls).toHaveLength(1);
  });

  it("are made for a store that throttles, not for one that is full", async () => {
    const exhausted = (status: number) => (): Error =>
      new DataPlaneError("resource_exhausted", "no", { cause: answer(status, "") });
    const throttling = open(refusing("put", 1, exhausted(429)));
    await throttling.driver.put("object", text("x"));
    const full = open(refusing("put", 1, exhausted(507)));
    await expectCode(full.driver.put("object", text("x")), "resource_exhausted");
    expect(full.inner.calls).toHaveLength(1);
  });

  it("are not made after a defect of ours", async () => {
    const { driver, inner } = open(() => ({ refuse: new TypeError("a defect") }));
    await expect(driver.head("object")).rejects.toThrow(TypeError);
    expect(inner.calls).toHaveLength(1);
  });

  it("of many calls share a budget, so that a store that is down is not asked five times by each", async () => {
    const { driver, inner } = open(() => ({ refuse: lineCut() }), { budget: 50 });
    const calls = await Promise.allSettled(Array.from({ length: 100 }, () => driver.head("object")));
    expect(calls.every(({ status }) => status === "rejected")).toBe(true);
    expect(inner.calls).toHaveLength(100 + 10);
  });

  it("end with an abort of the caller, and the error tells what was waited for", async () => {
    const stop = new AbortController();
    const { driver } = open(() => ({ first: () => Promise.resolve(stop.abort()), refuse: lineCut() }));
    await expect(driver.head("object", { signal: stop.signal })).rejects.toMatchObject({
      code: "canceled",
      message: expect.stringContaining("the line was cut") as string,
    });
  });

  it("end with the time limit as deadline_exceeded", async () => {
    const stop = new AbortController();
    const late = new DOMException("too late", "TimeoutError");
    const { driver, inner } = open(() => ({ first: () => Promise.resolve(stop.abort(late)), refuse: lineCut() }));
    await expectCode(driver.head("object", { signal: stop.signal }), "deadline_exceeded");
    expect(inner.calls).toHaveLength(1);
  });

  it("are counted by the failure before them and logged at debug level", async () => {
    const clock = instantClock();
    const lines: unknown[] = [];
    const counted: unknown[] = [];
    const unused = (): never => {
      throw new Error("not called by this test");
    };
    const logger = {
      debug: (...line: unknown[]) => void lines.push(line),
      info: unused,
      warn: unused,
      error: unused,
      child: unused,
    };
    const metrics = {
      counter: ({ name }: { readonly name: string }) => ({
        add: (value: number, labels?: object) => void counted.push([name, value, labels]),
      }),
      gauge: unused,
      histogram: unused,
    };
    const inner = faulty(openMemoryDriver({ clock }), refusing("put", 1, lineCut));
    await withRetry(inner, {}, { clock, random: () => 0.5, logger, metrics }).put("object", text("x"));
    expect(counted).toEqual([["storage_retries_total", 1, { scheme: "mem", operation: "put", code: "unavailable" }]]);
    expect(lines).toEqual([
      [
        { operation: "put", key: "object", attempt: 1, waitMs: 50, code: "unavailable", error: "the line was cut" },
        "store asked again",
      ],
    ]);
  });
});

describe("a body sent to a flaky store", () => {
  it("is sent again where it is bytes", async () => {
    const { driver, inner } = open(refusing("put", 2, lineCut));
    await driver.put("object", someBytes(1000));
    expectBytes(await collect(inner.get("object")), someBytes(1000));
  });

  it("is not sent again once somebody has begun to read it", async () => {
    async function* once(): AsyncGenerator<Uint8Array, void, undefined> {
      yield await Promise.resolve(text("x"));
    }
    const { driver, inner } = open((call) => (call.operation === "put" ? { lose: lineCut() } : undefined));
    await expectCode(driver.put("object", once()), "unavailable");
    expect(inner.calls).toHaveLength(1);
  });

  it("is sent whole after a refusal that came before anybody read of it", async () => {
    async function* once(): AsyncGenerator<Uint8Array, void, undefined> {
      yield await Promise.resolve(text("whole"));
    }
    const { driver, inner } = open(refusing("put", 2, lineCut));
    await driver.put("object", once());
    expectBytes(await collect(inner.get("object")), "whole");
  });

  const lostAnswers = [
    { lost: "an answer that was lost", lose: lineCut },
    {
      lost: "a gateway that gave up",
      lose: () => new DataPlaneError("unavailable", "late", { cause: answer(504, "") }),
    },
  ];

  it.each(lostAnswers)("with ifAbsent and $lost is told as taken, perhaps by itself", async ({ lose }) => {
    const { driver } = open((call) => (call.count === 1 ? { lose: lose() } : undefined));
    const put = driver.put("object", text("x"), { ifAbsent: true });
    await expectCode(put, "already_exists");
    await expect(put).rejects.toThrow(/earlier attempt/);
  });

  it.each(lostAnswers)("in parts is complete in spite of $lost when it was completed", async ({ lose }) => {
    const { driver, inner } = open((call) =>
      call.operation === "complete upload" && call.count === 1 ? { lose: lose() } : undefined,
    );
    const { multipart } = driver;
    const upload = await multipart?.create("object");
    if (multipart === undefined || upload === undefined) throw new Error("memory takes parts");
    const parts = [
      await multipart.putPart(upload, 1, someBytes(70_000)),
      await multipart.putPart(upload, 2, text("end")),
    ];
    const { etag } = await multipart.complete(upload, parts);
    expect(await inner.head("object")).toMatchObject({ etag, size: 70_003 });
  });

  it("in parts is not taken for complete when another object stands there", async () => {
    const { driver, inner } = open((call) => {
      if (call.operation !== "complete upload" || call.count !== 1) return undefined;
      return { refuse: lineCut(), first: async () => await lost() };
    });
    const { multipart } = driver;
    const upload = await multipart?.create("object");
    if (multipart === undefined || upload === undefined) throw new Error("memory takes parts");
    const parts = [await multipart.putPart(upload, 1, text("ours"))];
    // Somebody removed the upload and stored as many other bytes.
    const lost = async (): Promise<void> => {
      await inner.multipart?.abort(upload);
      await inner.put("object", text("them"));
    };
    await expectCode(multipart.complete(upload, parts), "not_found");
  });
});

describe("a body read from a flaky store", () => {
  const size = 900_000;
  const cutAt = (after: number, times: number) => (call: Call) =>
    call.operation === "get" && call.count <= times ? { cut: { after, error: lineCut() } } : undefined;

  it("goes on from its last byte, and asks for that version alone", async () => {
    const { driver, inner } = open(cutAt(300_000, 2));
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
      const { driver, inner } = open((call) => ({
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
    const { driver, inner } = open(cutAt(size, 1));
    await inner.put("object", someBytes(size));
    expectBytes(await collect(driver.get("object")), someBytes(size));
    expect(inner.calls.filter(({ operation }) => operation === "get")).toHaveLength(1);
  });

  it("is given up after five attempts that bring next to nothing", async () => {
    const { driver, inner } = open(cutAt(1000, 99));
    await inner.put("object", someBytes(size));
    await expect(collect(driver.get("object"))).rejects.toThrow(/5 attempts/);
  });

  it("arrives over a line that breaks at each mebibyte, however many there are", async () => {
    const mebibyte = 1024 * 1024;
    // Each retry pays for itself: a budget of two of them is enough.
    const { driver, inner } = open(cutAt(mebibyte, 99), { budget: 10 });
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
    const { driver, inner } = open(() => undefined);
    await inner.put("object", text("x"));
    await expectCode(driver.get("object", { ifMatch: "other" }), "aborted");
    expect(inner.calls.filter(({ operation }) => operation === "get")).toHaveLength(1);
  });
});

describe("a listing of a flaky store", () => {
  it("goes on behind its last key and gives each key once", async () => {
    const { driver, inner } = open((call) =>
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
    const { driver } = open(() => ({ refuse: lineCut() }));
    await expect(driver.list("")[Symbol.asyncIterator]().next()).rejects.toThrow("(5 attempts)");
  });
});
