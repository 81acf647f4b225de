import { expect, it } from "vitest";
import { bodyOf, text } from "./bodies.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";

export function metadata({ driver }: Subject): void {
  it("metadata and content type come back with head, get and list, where the store keeps them", async () => {
    const options = { metadata: { flytecontentmd5: "abc=" }, contentType: "text/html" };
    const put = driver().put("object", bodyOf(text("x")), options);
    if (!driver().capabilities.metadata) return await expectCode(put, "unimplemented");
    await put;
    expect(await driver().head("object")).toMatchObject(options);
    const read = await driver().get("object");
    expect(read.info).toMatchObject(options);
    for await (const _chunk of read.body) break;
  });

  it("a replacement does not inherit metadata", async () => {
    if (driver().capabilities.metadata) await driver().put("object", bodyOf(text("x")), { metadata: { a: "b" } });
    await driver().put("object", bodyOf(text("y")));
    expect((await driver().head("object")).metadata ?? {}).toEqual({});
  });

  it("a content type is never a reason to refuse an object", async () => {
    await driver().put("object", bodyOf(text("x")), { contentType: "text/plain" });
    expect((await driver().head("object")).size).toBe(1);
  });
}
