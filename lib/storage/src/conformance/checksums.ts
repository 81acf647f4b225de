import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { bodyOf, collect, md5, someBytes } from "./bodies.ts";
import { expectBytes } from "./expect-bytes.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";

const bytes = someBytes(400_000);

export function checksums({ driver }: Subject): void {
  it("a body with the length and MD5 announced is stored", async () => {
    await driver().put("object", bodyOf(bytes), { length: bytes.byteLength, contentMd5: md5(bytes) });
    expectBytes(await collect(driver().get("object")), bytes);
  });

  const wrong = [
    { name: "shorter than announced", options: { length: bytes.byteLength + 1 } },
    { name: "longer than announced", options: { length: bytes.byteLength - 1 } },
    { name: "with bytes where none were announced", options: { length: 0 } },
    { name: "of another MD5", options: { contentMd5: md5(someBytes(400_000, 2)) } },
    {
      name: "of the right length and another MD5",
      options: { length: bytes.byteLength, contentMd5: md5(new Uint8Array(0)) },
    },
  ];

  it.each(wrong)("a body $name is data_loss and leaves no object", async ({ options }) => {
    await expectCode(driver().put("object", bodyOf(bytes), options), "data_loss");
    await expectCode(driver().head("object"), "not_found");
  });

  it.each(wrong)("a body $name leaves the object that was there", async ({ options }) => {
    const { etag } = await driver().put("object", bodyOf(someBytes(10)));
    await expectCode(driver().put("object", bodyOf(bytes), options), "data_loss");
    expect((await driver().head("object")).etag).toBe(etag);
  });

  it("a store that tells an MD5 tells the right one", async () => {
    await driver().put("object", bodyOf(bytes), { contentMd5: md5(bytes) });
    const told = (await driver().head("object")).contentMd5;
    if (told !== undefined) expect(Buffer.from(told)).toEqual(Buffer.from(md5(bytes)));
    expect(told !== undefined || !driver().capabilities.metadata).toBe(true);
  });
}
