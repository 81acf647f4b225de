import { expect, it } from "vitest";
import type { ListOptions } from "../driver.ts";
import { bodyOf, text } from "./bodies.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";

/** In the order of their UTF-8 bytes: `.` before `/`, and U+FFFD before U+1F600, which UTF-16 has the other way. */
const sorted = ["a.txt", "a/b", "a/b.c", "a/d/c", "ab/c", "b/1", "b/10", "b/2", "c", "é", "\uFFFDx", "\u{1F600}"];

const prefixes = [
  { name: "everything", prefix: "", expected: sorted },
  { name: "a folder, without its siblings", prefix: "a/", expected: ["a/b", "a/b.c", "a/d/c"] },
  { name: "a part of a name", prefix: "a", expected: ["a.txt", "a/b", "a/b.c", "a/d/c", "ab/c"] },
  { name: "a part of a name in a folder", prefix: "b/1", expected: ["b/1", "b/10"] },
  { name: "a whole key", prefix: "c", expected: ["c"] },
  { name: "a folder below an object", prefix: "c/", expected: [] },
  { name: "nothing there", prefix: "zzz/", expected: [] },
  { name: "a name that differs from a folder in its last letter", prefix: "b/1/", expected: [] },
];

const pages: readonly { name: string; options: ListOptions; expected: readonly string[] }[] = [
  { name: "a limit", options: { limit: 3 }, expected: sorted.slice(0, 3) },
  { name: "a limit larger than the store", options: { limit: 1000 }, expected: sorted },
  { name: "a limit of none", options: { limit: 0 }, expected: [] },
  { name: "a start after an object", options: { startAfter: "a/b.c" }, expected: sorted.slice(3) },
  {
    name: "a start inside a folder, with a limit",
    options: { startAfter: "b/1", limit: 2 },
    expected: ["b/10", "b/2"],
  },
  { name: "a start after a key that is not there", options: { startAfter: "a/c" }, expected: sorted.slice(3) },
  { name: "a start after a folder's last object", options: { startAfter: "b/~" }, expected: sorted.slice(8) },
  { name: "a start after everything", options: { startAfter: "\u{1F601}" }, expected: [] },
];

export function listing({ driver }: Subject): void {
  const fill = async (): Promise<void> => {
    for (const key of [...sorted].reverse()) await driver().put(key, bodyOf(text(key)));
  };
  const list = async (prefix: string, options?: ListOptions): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { key } of driver().list(prefix, options)) found.push(key);
    return found;
  };

  it.each(prefixes)("listing $name gives its objects in the order of their bytes", async ({ prefix, expected }) => {
    await fill();
    expect(await list(prefix)).toEqual(expected);
  });

  it.each(pages)("listing with $name gives just that part", async ({ options, expected }) => {
    await fill();
    expect(await list("", options)).toEqual(expected);
  });

  it("pages of any size put together are the whole", async () => {
    await fill();
    for (const limit of [1, 2, 5]) {
      const together: string[] = [];
      for (
        let page = await list("", { limit });
        page.length > 0;
        page = await list("", { limit, startAfter: together.at(-1) ?? "" })
      ) {
        together.push(...page);
      }
      expect(together).toEqual(sorted);
    }
  });

  it("each listed object is described as head describes it, as far as the listing goes", async () => {
    await fill();
    for await (const info of driver().list("a/")) {
      const head = await driver().head(info.key);
      expect(head).toMatchObject(info);
      const { key, size, etag, modifiedAt } = head;
      expect(info).toMatchObject({ key, size, etag, modifiedAt });
    }
  });

  it("a store of more than a thousand objects is listed whole", async () => {
    const keys = Array.from({ length: 1100 }, (_, index) => `many/${index.toString().padStart(5, "0")}`);
    for (let from = 0; from < keys.length; from += 50) {
      await Promise.all(keys.slice(from, from + 50).map((key) => driver().put(key, bodyOf(new Uint8Array(0)))));
    }
    expect(await list("many/")).toEqual(keys);
  });

  it("an abort ends a listing", async () => {
    await fill();
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _object of driver().list("", { signal: controller.signal })) controller.abort();
    })();
    await expectCode(reading, "canceled");
  });
}
