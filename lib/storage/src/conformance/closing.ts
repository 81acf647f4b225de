import { it } from "vitest";
import { bodyOf, text } from "./bodies.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";

export function closing({ driver }: Subject): void {
  it("calls after close reject with failed_precondition, and closing twice is allowed", async () => {
    await driver().put("object", bodyOf(text("x")));
    await driver().close();
    await expectCode(driver().head("object"), "failed_precondition");
    await expectCode(driver().get("object"), "failed_precondition");
    await expectCode(driver().put("object", bodyOf(text("y"))), "failed_precondition");
    await expectCode(driver().delete("object"), "failed_precondition");
    await expectCode(driver().list("")[Symbol.asyncIterator]().next(), "failed_precondition");
    await driver().close();
  });
}
