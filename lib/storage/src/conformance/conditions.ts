import { expect, it } from "vitest";
import { bodyOf, collect, someBytes, text } from "./bodies.ts";
import { expectBytes } from "./expect-bytes.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";

export function conditions({ driver }: Subject): void {
  it("second put with ifAbsent is refused and the first object stays, where the store can", async () => {
    const put = (value: string): Promise<unknown> =>
      driver().put("folder/object", bodyOf(text(value)), { ifAbsent: true });
    if (!driver().capabilities.ifAbsent) return await expectCode(put("one"), "unimplemented");
    await put("one");
    await expectCode(put("two"), "already_exists");
    expectBytes(await collect(driver().get("folder/object")), "one");
  });

  it("of many writers with ifAbsent one wins and its bytes are the object", async () => {
    const writers = Array.from({ length: 16 }, (_, index) => index);
    const puts = writers.map((seed) =>
      driver().put("contested", bodyOf(someBytes(50_000, seed + 1)), { ifAbsent: true }),
    );
    const results = await Promise.allSettled(puts);
    const winners = results.flatMap((result, seed) => (result.status === "fulfilled" ? [seed] : []));
    if (!driver().capabilities.ifAbsent) return expect(winners).toEqual([]);
    expect(winners).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "already_exists" });
    }
    expectBytes(await collect(driver().get("contested")), someBytes(50_000, (winners[0] ?? 0) + 1));
  });

  it("a read with ifMatch gives that version or rejects with aborted, where the store can", async () => {
    const { etag } = await driver().put("object", bodyOf(text("one")));
    if (!driver().capabilities.ifMatch)
      return await expectCode(driver().get("object", { ifMatch: etag }), "unimplemented");
    expectBytes(await collect(driver().get("object", { ifMatch: etag })), "one");
    await driver().put("object", bodyOf(text("two!")));
    await expectCode(driver().get("object", { ifMatch: etag }), "aborted");
  });

  it("a body that was opened stays that version when the object is replaced", async () => {
    const old = someBytes(900_000, 5);
    await driver().put("object", bodyOf(old));
    const read = await driver().get("object");
    await driver().put("object", bodyOf(someBytes(900_000, 6)));
    expectBytes(await collect(Promise.resolve(read)), old);
  });
}
