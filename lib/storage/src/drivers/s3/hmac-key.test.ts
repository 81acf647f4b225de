import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HmacKey } from "./hmac-key.ts";

test("signs any text as Node's own HMAC does, one after the other", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.array(fc.string({ unit: "grapheme", maxLength: 600 }), { maxLength: 4 }),
      (bytes, texts) => {
        const key = new HmacKey(bytes);
        for (const text of texts) {
          expect(key.sign(text)).toBe(createHmac("sha256", Buffer.from(bytes)).update(text).digest("hex"));
        }
      },
    ),
    { numRuns: 300 },
  );
});
