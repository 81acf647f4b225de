import { notA } from "./refusal.ts";

/** The shortest decimal that reads back as the same number, never with an exponent; `NaN`, `+Inf`, `-Inf`, `-0`. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa = "", exponent] = Math.abs(value).toString().split("e");
  return sign + (exponent === undefined ? mantissa : withoutExponent(mantissa, Number(exponent)));
}

function withoutExponent(mantissa: string, exponent: number): string {
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  // Shortest forms with a positive exponent have fewer digits than places.
  return digits.padEnd(point, "0");
}

const decimal = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const hexadecimal = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/;

/**
 * Reads decimal and hexadecimal numbers (`0x1p-2`), single underscores between digits, `inf` and `infinity` with an
 * optional sign, `nan` without one, in any case. What is too small becomes zero; what is too large is refused like
 * everything else that is not a number, with `invalid_argument` (origin user).
 */
export function parseFloatText(text: string): number {
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?inf(inity)?$/i.test(text))
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const plain = withoutUnderscores(text);
  const hex = hexadecimal.exec(plain);
  if (hex === null && !decimal.test(plain)) throw notA("a float", text, "expected a decimal or hexadecimal number");
  const value = hex === null ? Number(plain) : hexValue(text, hex[1] ?? "", hex[2] ?? "", hex[3] ?? "", hex[4] ?? "");
  if (!Number.isFinite(value)) throw notA("a float", text, "it is too large for a 64-bit float");
  return value;
}

/** An underscore that does not stand between two digits (or after `0x`) stays, and makes the text no number. */
function withoutUnderscores(text: string): string {
  if (!text.includes("_")) return text;
  return /^[+-]?0x/i.test(text)
    ? text.replace(/(?<=[0-9a-fA-FxX])_(?=[0-9a-fA-F])/g, "")
    : text.replace(/(?<=[0-9])_(?=[0-9])/g, "");
}

function hexValue(text: string, sign: string, whole: string, fraction: string, exponentText: string): number {
  if (whole === "" && fraction === "") throw notA("a float", text, "it has no digits");
  const mantissa = BigInt(`0x${whole}${fraction}`);
  const magnitude = scaled(mantissa, Number(exponentText) - 4 * fraction.length);
  return sign === "-" ? -magnitude : magnitude;
}

/** `mantissa * 2^exponent`, rounded once, to even. */
function scaled(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0;
  const top = mantissa.toString(2).length + exponent;
  if (top > 1024) return Number.POSITIVE_INFINITY;
  if (top < -1080) return 0;
  // The unit in the last place of the result: 53 digits below the top, but never below the smallest subnormal.
  const unit = Math.max(top - 53, -1074);
  const shift = exponent - unit;
  const digits = shift >= 0 ? mantissa << BigInt(shift) : shiftedToEven(mantissa, BigInt(-shift));
  // Two exact steps, since 2^unit alone may be out of range while the product is not.
  return Number(digits) * 2 ** Math.ceil(unit / 2) * 2 ** Math.floor(unit / 2);
}

function shiftedToEven(value: bigint, places: bigint): bigint {
  const quotient = value >> places;
  const rest = value - (quotient << places);
  const half = 1n << (places - 1n);
  return rest > half || (rest === half && (quotient & 1n) === 1n) ? quotient + 1n : quotient;
}
