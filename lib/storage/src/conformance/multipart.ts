import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import type { Multipart } from "../driver.ts";
import { collect, someBytes } from "./bodies.ts";
import { expectBytes } from "./expect-bytes.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";
import { withTemporaryFile } from "./temporary-file.ts";

/** For drivers that declare the capability; of the others only that they do not offer it in secret. */
export function multipart({ driver, leftovers, proves }: Subject): void {
  const parts = async (use: (multipart: Multipart) => Promise<void>): Promise<void> => {
    const offered = driver().multipart;
    expect(offered !== undefined).toBe(driver().capabilities.multipart);
    if (offered !== undefined) await use(offered);
  };
  const inParts = (store: Multipart, last: number): readonly [Uint8Array, Uint8Array, Uint8Array] => [
    someBytes(store.limits.minPartBytes, 1),
    someBytes(store.limits.minPartBytes, 2),
    someBytes(last, 3),
  ];

  it("parts sent in any order make the object in the order of their numbers, and nothing is seen before", async () => {
    await parts(async (store) => {
      const [one, two, three] = inParts(store, 1000);
      const upload = await store.create("folder/object");
      const third = await store.putPart(upload, 3, three);
      const [first, second] = await Promise.all([store.putPart(upload, 1, one), store.putPart(upload, 2, two)]);
      await expectCode(driver().head("folder/object"), "not_found");
      const put = await store.complete(upload, [first, second, third]);
      const whole = Buffer.concat([one, two, three]);
      expect(put.size).toBe(whole.byteLength);
      expect(await driver().head("folder/object")).toMatchObject({ size: put.size, etag: put.etag });
      expectBytes(await collect(driver().get("folder/object")), whole);
    });
  });

  it("numbers may leave gaps, and a lone part may be of any size", async () => {
    await parts(async (store) => {
      const [one, , three] = inParts(store, 7);
      const upload = await store.create("gaps");
      const stored = [await store.putPart(upload, 2, one), await store.putPart(upload, 9, three)];
      await store.complete(upload, stored);
      expectBytes(await collect(driver().get("gaps")), Buffer.concat([one, three]));
      const small = await store.create("small");
      await store.complete(small, [await store.putPart(small, 1, three)]);
      expectBytes(await collect(driver().get("small")), three);
    });
  });

  it("a part sent again replaces the one of its number", async () => {
    await parts(async (store) => {
      const [one, two, three] = inParts(store, 1000);
      const upload = await store.create("object");
      await store.putPart(upload, 1, one);
      const stored = [await store.putPart(upload, 1, two), await store.putPart(upload, 2, three)];
      await store.complete(upload, stored);
      expectBytes(await collect(driver().get("object")), Buffer.concat([two, three]));
    });
  });

  it("parts are slices of a file too, and one longer than the file is data_loss", async () => {
    await parts(async (store) => {
      const { minPartBytes } = store.limits;
      const bytes = someBytes(minPartBytes + 500, 5);
      await withTemporaryFile(bytes, async (fd) => {
        const upload = await store.create("object");
        const first = await store.putPart(upload, 1, { fd, offset: 0, length: minPartBytes });
        await expectCode(store.putPart(upload, 2, { fd, offset: minPartBytes, length: 501 }), "data_loss");
        const second = await store.putPart(upload, 2, { fd, offset: minPartBytes, length: 500 });
        await store.complete(upload, [first, second]);
      });
      expectBytes(await collect(driver().get("object")), bytes);
    });
  });

  it("an object is replaced as a whole, or stays when the upload is aborted", async () => {
    await parts(async (store) => {
      const old = someBytes(5000, 8);
      await driver().put("object", old);
      const upload = await store.create("object");
      await store.putPart(upload, 1, someBytes(2000, 9));
      expectBytes(await collect(driver().get("object")), old);
      await store.abort(upload);
      expectBytes(await collect(driver().get("object")), old);
    });
  });

  it("an upload that was aborted is gone: aborting again succeeds, its parts leave nothing", async () => {
    await parts(async (store) => {
      const upload = await store.create("object");
      const part = await store.putPart(upload, 1, someBytes(1000));
      await store.abort(upload);
      await store.abort(upload);
      if (proves("aborted-uploads")) {
        await expectCode(store.complete(upload, [part]), "not_found");
        await expectCode(store.putPart(upload, 1, someBytes(1000)), "not_found");
      }
      await expectCode(driver().head("object"), "not_found");
      await expect.poll(leftovers).toEqual([]);
    });
  });

  it("a completion that names a part which was never sent is refused, and nothing is seen", async () => {
    await parts(async (store) => {
      const [one, two] = inParts(store, 1);
      const upload = await store.create("object");
      const first = await store.putPart(upload, 1, one);
      const absent = { ...(await store.putPart(upload, 2, two)), number: 3 };
      await expect(store.complete(upload, [first, absent])).rejects.toMatchObject({ name: "DataPlaneError" });
      await expectCode(driver().head("object"), "not_found");
      await store.abort(upload);
    });
  });

  it("a small part that is not the last is refused at completion", async () => {
    await parts(async (store) => {
      const upload = await store.create("object");
      const stored = [await store.putPart(upload, 1, someBytes(10)), await store.putPart(upload, 2, someBytes(10))];
      await expectCode(store.complete(upload, stored), "invalid_argument");
      await expectCode(driver().head("object"), "not_found");
      await store.abort(upload);
    });
  });

  it("a completion with ifAbsent is refused once the key is taken", async () => {
    await parts(async (store) => {
      if (!driver().capabilities.ifAbsent) return;
      const upload = await store.create("object");
      const part = await store.putPart(upload, 1, someBytes(1000));
      await driver().put("object", someBytes(20, 2));
      const refusal = proves("conditional-completion") ? "already_exists" : "unimplemented";
      await expectCode(store.complete(upload, [part], { ifAbsent: true }), refusal);
      expectBytes(await collect(driver().get("object")), someBytes(20, 2));
      await store.abort(upload);
    });
  });

  it("metadata and content type are those given at the beginning", async () => {
    await parts(async (store) => {
      if (!driver().capabilities.metadata) return;
      const options = { metadata: { origin: "task" }, contentType: "text/csv" };
      const upload = await store.create("object", options);
      await store.complete(upload, [await store.putPart(upload, 1, someBytes(1000))]);
      expect(await driver().head("object")).toMatchObject(options);
    });
  });

  it("an aborted signal ends each step with canceled", async () => {
    await parts(async (store) => {
      const signal = AbortSignal.abort();
      await expectCode(store.create("object", { signal }), "canceled");
      const upload = await store.create("object");
      await expectCode(store.putPart(upload, 1, someBytes(10), { signal }), "canceled");
      const part = await store.putPart(upload, 1, someBytes(10));
      await expectCode(store.complete(upload, [part], { signal }), "canceled");
      await store.abort(upload);
    });
  });
}
