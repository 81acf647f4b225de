import { expect, it } from "vitest";
import { collect, md5, someBytes } from "./bodies.ts";
import { expectBytes } from "./expect-bytes.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";
import { withTemporaryFile } from "./temporary-file.ts";

const size = 1_500_000;

export function sources({ driver }: Subject): void {
  it.each([0, 1, size])("%d bytes in memory come back as they were stored, twice from one array", async (length) => {
    const bytes = someBytes(length, 3);
    await driver().put("first", bytes);
    await driver().put("second", bytes, { length });
    expectBytes(await collect(driver().get("first")), bytes);
    expectBytes(await collect(driver().get("second")), bytes);
  });

  it.each([
    { name: "the whole file", offset: 0, length: size },
    { name: "its middle", offset: 1000, length: 1_100_000 },
    { name: "its last byte", offset: size - 1, length: 1 },
    { name: "nothing of it", offset: 10, length: 0 },
  ])("a slice of a file is stored: $name, twice from one descriptor", async ({ offset, length }) => {
    const bytes = someBytes(size, 4);
    await withTemporaryFile(bytes, async (fd) => {
      await driver().put("first", { fd, offset, length });
      const put = await driver().put("second", { fd, offset, length }, { length });
      expect(put.size).toBe(length);
    });
    for (const key of ["first", "second"]) {
      expectBytes(await collect(driver().get(key)), bytes.subarray(offset, offset + length));
    }
  });

  it("a slice of a file is compared with the MD5 given", async () => {
    const bytes = someBytes(size, 5);
    await withTemporaryFile(bytes, async (fd) => {
      const slice = { fd, offset: 0, length: size };
      await driver().put("right", slice, { contentMd5: md5(bytes) });
      await expectCode(driver().put("wrong", slice, { contentMd5: md5(someBytes(1)) }), "data_loss");
    });
    await expectCode(driver().head("wrong"), "not_found");
    expect((await driver().head("right")).size).toBe(size);
  });

  it("a file that ends before its slice does is data_loss, and nothing is to be seen", async () => {
    await withTemporaryFile(someBytes(size), async (fd) => {
      await expectCode(driver().put("object", { fd, offset: 1000, length: size }), "data_loss");
    });
    await expectCode(driver().head("object"), "not_found");
  });
}
