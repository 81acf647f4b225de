import { expect, it } from "vitest";
import { bodyOf, collect, someBytes } from "./bodies.ts";
import { expectBytes } from "./expect-bytes.ts";
import type { Subject } from "./harness.ts";

const size = 600_000;

const cases = [
  { name: "from the start", range: { offset: 0, length: 10 }, from: 0, to: 10 },
  {
    name: "in the middle, over chunk borders",
    range: { offset: 262_100, length: 300_000 },
    from: 262_100,
    to: 562_100,
  },
  { name: "without a length", range: { offset: 599_990 }, from: 599_990, to: size },
  { name: "of no bytes", range: { offset: 5, length: 0 }, from: 5, to: 5 },
  { name: "of the last byte", range: { offset: size - 1, length: 1 }, from: size - 1, to: size },
  { name: "that runs past the end", range: { offset: size - 3, length: 100 }, from: size - 3, to: size },
  { name: "that starts at the end", range: { offset: size, length: 1 }, from: size, to: size },
  { name: "that starts past the end", range: { offset: size + 1000 }, from: size, to: size },
];

export function ranges({ driver }: Subject): void {
  it.each(cases)("a range $name gives just its bytes", async ({ range, from, to }) => {
    const bytes = someBytes(size);
    await driver().put("object", bodyOf(bytes));
    const read = driver().get("object", { range });
    expect((await read).info.size).toBe(size);
    expectBytes(await collect(read), bytes.subarray(from, to));
  });

  it("a range of an object without bytes is empty", async () => {
    await driver().put("empty", bodyOf(new Uint8Array(0)));
    expect((await collect(driver().get("empty", { range: { offset: 0, length: 1 } }))).byteLength).toBe(0);
  });

  it("a reader may leave in the middle of a body", async () => {
    await driver().put("object", bodyOf(someBytes(size)));
    const { body } = await driver().get("object");
    for await (const chunk of body) {
      expect(chunk.byteLength).toBeGreaterThan(0);
      break;
    }
    // What the reader held is checked with the leftovers of the test.
    expect((await driver().head("object")).size).toBe(size);
  });
}
