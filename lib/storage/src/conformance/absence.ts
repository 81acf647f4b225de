import { expect, it } from "vitest";
import { bodyOf, text } from "./bodies.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";

const absentKeys = [
  { name: "a key that was never stored", key: "nothing" },
  { name: "a key whose folder was never stored", key: "no/such/folder/object" },
  { name: "a key below an object", key: "object/below" },
  { name: "a key that is only the folder of another", key: "folder" },
];

export function absence({ driver }: Subject): void {
  it.each(absentKeys)("head and get of $name reject with not_found", async ({ key }) => {
    await driver().put("object", bodyOf(text("x")));
    await driver().put("folder/object", bodyOf(text("x")));
    await expectCode(driver().head(key), "not_found");
    await expectCode(driver().get(key), "not_found");
  });

  it.each(absentKeys)("deleting $name succeeds and removes nothing", async ({ key }) => {
    await driver().put("object", bodyOf(text("x")));
    await driver().put("folder/object", bodyOf(text("x")));
    await driver().delete(key);
    expect((await driver().head("object")).size).toBe(1);
    expect((await driver().head("folder/object")).size).toBe(1);
  });

  it("a deleted object is gone, and deleting it again succeeds", async () => {
    await driver().put("folder/object", bodyOf(text("x")));
    await driver().delete("folder/object");
    await expectCode(driver().head("folder/object"), "not_found");
    await driver().delete("folder/object");
  });

  it("a key can be stored again after its deletion", async () => {
    await driver().put("object", bodyOf(text("one")), { ifAbsent: driver().capabilities.ifAbsent });
    await driver().delete("object");
    await driver().put("object", bodyOf(text("three")), { ifAbsent: driver().capabilities.ifAbsent });
    expect((await driver().head("object")).size).toBe(5);
  });
}
