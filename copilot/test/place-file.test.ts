import { describe, expect, it } from "vitest";
import { placeFile } from "../src/local/place-file.ts";

describe("a file that cannot be made", () => {
  it("lets go of its body, so that the connection behind it is free", async () => {
    let isOpen = true;
    async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        yield await Promise.resolve(new Uint8Array(1));
      } finally {
        isOpen = false;
      }
    }
    await expect(placeFile("/dev/null/file", body())).rejects.toMatchObject({ code: "failed_precondition" });
    expect(isOpen).toBe(false);
  });
});
