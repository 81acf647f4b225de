/**
 * The CRC of two stretches of bytes, one behind the other, from the CRC of each and the length of the second: pieces that
 * arrive at once are checked together without reading them again. `polynomial` is in reflected form.
 *
 * A CRC is linear over GF(2). Appending `length` zero bytes to the first stretch multiplies its remainder by x^(8·length);
 * that power is built by squaring, in 32-bit words whose highest bit is the coefficient of x^0.
 */
export function combineCrc(polynomial: number, first: number, second: number, length: number): number {
  return (multiply(polynomial, first, powerOfX(polynomial, length)) ^ second) >>> 0;
}

export const crc32Polynomial: number = 0xedb88320;
export const crc32cPolynomial: number = 0x82f63b78;

/** x^(8·bytes) modulo the polynomial. */
function powerOfX(polynomial: number, bytes: number): number {
  let result = 0x80000000;
  // x^8
  let square = 0x00800000;
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = multiply(polynomial, result, square);
    square = multiply(polynomial, square, square);
  }
  return result;
}

function multiply(polynomial: number, a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit--) {
    if (((a >>> bit) & 1) === 1) product ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ polynomial : shifted >>> 1;
  }
  return product >>> 0;
}
