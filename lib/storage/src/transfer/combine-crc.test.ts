import * as fc from "fast-check";
import { expect, test } from "vitest";
import { crc32Of, loadCrc32c } from "../crc.ts";
import { combineCrc, crc32cPolynomial, crc32Polynomial } from "./combine-crc.ts";

const bytes = fc.uint8Array({ maxLength: 300 });

test("the CRC of two stretches is that of their concatenation, for both polynomials", async () => {
  const crc32cOf = await loadCrc32c();
  fc.assert(
    fc.property(bytes, bytes, (first, second) => {
      const whole = new Uint8Array([...first, ...second]);
      expect(combineCrc(crc32Polynomial, crc32Of(first), crc32Of(second), second.length)).toBe(crc32Of(whole));
      expect(combineCrc(crc32cPolynomial, crc32cOf(first), crc32cOf(second), second.length)).toBe(crc32cOf(whole));
    }),
    { numRuns: 500 },
  );
});

test("stretches of zeros beyond 4 GiB are skipped, not walked through", () => {
  // 2^33 zeros twice are 2^34 zeros: the length is no 32-bit number on the way.
  const once = combineCrc(crc32Polynomial, 1, 0, 2 ** 33);
  expect(combineCrc(crc32Polynomial, once, 0, 2 ** 33)).toBe(combineCrc(crc32Polynomial, 1, 0, 2 ** 34));
});
