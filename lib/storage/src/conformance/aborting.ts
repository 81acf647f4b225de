import { expect, it } from "vitest";
import { bodyOf, collect, someBytes, stallingBody, text } from "./bodies.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";

export function aborting({ driver, leftovers }: Subject): void {
  const aborted = AbortSignal.abort();

  it("every call with an aborted signal rejects with canceled", async () => {
    await driver().put("object", bodyOf(text("x")));
    await expectCode(driver().head("object", { signal: aborted }), "canceled");
    await expectCode(driver().get("object", { signal: aborted }), "canceled");
    await expectCode(driver().put("object", bodyOf(text("y")), { signal: aborted }), "canceled");
    await expectCode(driver().delete("object", { signal: aborted }), "canceled");
    expect((await driver().head("object")).size).toBe(1);
  });

  it("an abort while a body arrives rejects at once and leaves nothing", async () => {
    const controller = new AbortController();
    const { body, silent } = stallingBody(someBytes(700_000));
    const put = driver().put("object", body, { signal: controller.signal });
    await silent;
    controller.abort();
    await expectCode(put, "canceled");
    await expectCode(driver().head("object"), "not_found");
  });

  it("a time limit that passes while a body arrives is deadline_exceeded", async () => {
    const { body, silent } = stallingBody(someBytes(10));
    const controller = new AbortController();
    const put = driver().put("object", body, { signal: controller.signal });
    await silent;
    controller.abort(new DOMException("too late", "TimeoutError"));
    await expectCode(put, "deadline_exceeded");
  });

  it("an abort in the middle of a read ends it with canceled", async () => {
    await driver().put("object", bodyOf(someBytes(3_000_000)));
    const controller = new AbortController();
    const { body } = await driver().get("object", { signal: controller.signal });
    let received = 0;
    const reading = (async () => {
      for await (const chunk of body) {
        received += chunk.byteLength;
        controller.abort();
      }
    })();
    await expectCode(reading, "canceled");
    expect(received).toBeLessThan(3_000_000);
  });

  it("an abort before a body is read releases what it holds and leaves nothing to read", async () => {
    await driver().put("object", bodyOf(someBytes(3_000_000)));
    const controller = new AbortController();
    const { info, body } = await driver().get("object", { signal: controller.signal });
    controller.abort();
    await expect.poll(leftovers).toEqual([]);
    await expectCode(collect(Promise.resolve({ info, body })), "canceled");
  });
}
