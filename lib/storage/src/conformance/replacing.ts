import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { bodyOf, collect, failingBody, someBytes, stallingBody, text } from "./bodies.ts";
import { expectBytes } from "./expect-bytes.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";

export function replacing({ driver }: Subject): void {
  it("a second put replaces the object and changes its version", async () => {
    const first = await driver().put("object", bodyOf(text("first")));
    const second = await driver().put("object", bodyOf(text("second one")));
    expect(second.etag).not.toBe(first.etag);
    expectBytes(await collect(driver().get("object")), "second one");
    expect((await driver().head("object")).etag).toBe(second.etag);
  });

  it("equal bytes put twice are two versions or one, and head names the later", async () => {
    await driver().put("object", bodyOf(text("same")));
    const { etag } = await driver().put("object", bodyOf(text("same")));
    expect((await driver().head("object")).etag).toBe(etag);
  });

  it("an object is not to be seen while its body arrives", async () => {
    const controller = new AbortController();
    const { body, silent } = stallingBody(someBytes(300_000));
    const put = driver().put("folder/object", body, { signal: controller.signal });
    await silent;
    await expectCode(driver().head("folder/object"), "not_found");
    expect(await keysOf(driver().list(""))).toEqual([]);
    controller.abort();
    await expectCode(put, "canceled");
  });

  it("the old object stays whole while a replacement arrives and fails", async () => {
    const old = someBytes(300_000, 7);
    await driver().put("object", bodyOf(old));
    await expect(driver().put("object", failingBody(someBytes(200_000, 8), new Error("line cut")))).rejects.toThrow();
    expectBytes(await collect(driver().get("object")), old);
    expect(await keysOf(driver().list(""))).toEqual(["object"]);
  });

  it("readers during overwriting see one of the versions, never a mixture", async () => {
    const versions = [someBytes(400_000, 1), someBytes(500_000, 2), someBytes(300_000, 3)].map((bytes) =>
      Buffer.from(bytes),
    );
    const [initial = Buffer.alloc(0)] = versions;
    await driver().put("object", bodyOf(initial));
    const writing = Promise.all(
      versions.flatMap((bytes) => [0, 1, 2].map(() => driver().put("object", bodyOf(bytes)))),
    );
    const reading = Promise.all([0, 1, 2, 3, 4, 5].map(() => collect(driver().get("object"))));
    const [reads] = await Promise.all([reading, writing]);
    for (const read of reads) expect(versions.some((version) => version.equals(read))).toBe(true);
  });
}

async function keysOf(objects: AsyncIterable<{ readonly key: string }>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { key } of objects) found.push(key);
  return found;
}
