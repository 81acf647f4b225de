import { expect, it } from "vitest";
import { bodyOf, collect, text } from "./bodies.ts";
import { expectBytes } from "./expect-bytes.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";

const oddKeys = [
  { name: "spaces at the ends", key: " a b " },
  { name: "characters that URLs reserve", key: "q?x=1&y#z%20+;:@=,$!'()*" },
  { name: "a percent sign alone", key: "100%/done" },
  { name: "quotes and angle brackets", key: "<a \"b\" 'c'>&amp;" },
  { name: "a backslash", key: "a\\b" },
  { name: "a line break and a tab", key: "a\nb\tc" },
  { name: "letters of other scripts", key: "日本語/ключ/🎉" },
  { name: "a letter composed of two characters", key: "e\u0301" },
  { name: "dots in its names", key: "...a/b..c/.d" },
  { name: "a name as long as file systems allow", key: `x/${"n".repeat(255)}` },
  { name: "many folders", key: Array.from({ length: 100 }, () => "d").join("/") },
  { name: "a name that object prototypes have", key: "__proto__/constructor" },
];

/** Ordinary names in a flat store; in a tree of folders they have no place, or would leave it. */
const treelessKeys = ["..", "../escape", "a/../b", "a/..", ".", "a/./b", "a//b", "a/", "//", "/a"];

export function keys({ driver }: Subject): void {
  it.each(oddKeys)("a key with $name is stored, read, listed and deleted", async ({ key }) => {
    await driver().put(key, bodyOf(text(key)));
    expectBytes(await collect(driver().get(key)), key);
    const listed: string[] = [];
    for await (const info of driver().list("")) listed.push(info.key);
    expect(listed).toEqual([key]);
    await driver().delete(key);
    await expectCode(driver().head(key), "not_found");
  });

  it("a composed letter and its decomposed form are two keys", async () => {
    await driver().put("\u00e9", bodyOf(text("composed")));
    await expectCode(driver().head("e\u0301"), "not_found");
  });

  it("upper and lower case are two keys", async () => {
    await driver().put("Key", bodyOf(text("x")));
    await expectCode(driver().head("key"), "not_found");
  });

  it.each(treelessKeys)("the key '%s' is a name like any other, or refused by every operation", async (key) => {
    if (driver().capabilities.flatKeys) {
      await driver().put(key, bodyOf(text("x")));
      expect((await driver().head(key)).key).toBe(key);
      return;
    }
    await expectCode(driver().put(key, bodyOf(text("x"))), "invalid_argument");
    await expectCode(driver().head(key), "invalid_argument");
    await expectCode(driver().get(key), "invalid_argument");
    await expectCode(driver().delete(key), "invalid_argument");
  });

  it.each(["../", "a/../", ".", "./", "//"])(
    "listing the prefix '%s' of an ordinary store gives nothing",
    async (prefix) => {
      await driver().put("a/b", bodyOf(text("x")));
      const listed: string[] = [];
      for await (const info of driver().list(prefix)) listed.push(info.key);
      expect(listed).toEqual([]);
    },
  );

  it("a key may be an object and the folder of another, or the second is refused and the first stays", async () => {
    await driver().put("a", bodyOf(text("object")));
    await driver().put("d/e", bodyOf(text("object")));
    const both = ["a/b", "d"];
    const puts = await Promise.allSettled(both.map((key) => driver().put(key, bodyOf(text("x")))));
    for (const [index, put] of puts.entries()) {
      if (put.status === "fulfilled") expect((await driver().head(both[index] ?? "")).size).toBe(1);
      else expect(put.reason).toMatchObject({ code: "failed_precondition" });
      expect(put.status === "fulfilled" || !driver().capabilities.flatKeys).toBe(true);
    }
    expect((await driver().head("a")).size).toBe(6);
    expect((await driver().head("d/e")).size).toBe(6);
  });
}
