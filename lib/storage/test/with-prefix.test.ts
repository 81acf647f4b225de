import { describe, expect, it } from "vitest";
import { describeDriver, expectCode, text } from "../src/conformance/index.ts";
import { openMemoryDriver } from "../src/drivers/memory/driver.ts";
import { withPrefix } from "../src/with-prefix.ts";
import { fileHarness, wallClock } from "./file-store.ts";
import { memoryHarness } from "./memory-store.ts";

describeDriver("prefixed memory", () => memoryHarness((driver) => withPrefix(driver, "tenant/a")));
describeDriver("prefixed file", () => fileHarness((driver) => withPrefix(driver, "tenant/a/")));

describe("withPrefix", () => {
  it("keeps two stores on one driver apart, also where one prefix begins the other", async () => {
    const driver = openMemoryDriver({ clock: wallClock });
    const short = withPrefix(driver, "a/");
    const long = withPrefix(driver, "a/b/");
    await short.put("key", text("short"));
    await long.put("key", text("longer"));
    expect((await short.head("key")).size).toBe(5);
    expect((await long.head("key")).size).toBe(6);
    expect((await driver.head("a/b/key")).size).toBe(6);
  });

  it("refuses a key that is too long with its prefix and names the prefix", async () => {
    const driver = withPrefix(openMemoryDriver({ clock: wallClock }), "p".repeat(24));
    await driver.put("k".repeat(1000), text("x"));
    await expectCode(driver.put("k".repeat(1001), text("x")), "invalid_argument");
    await expect(driver.head("k".repeat(1001))).rejects.toThrow(`"${"p".repeat(24)}"`);
  });
});
