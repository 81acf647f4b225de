import { notA } from "./refusal.ts";

/** Reads an optional sign and decimal digits. Throws `invalid_argument` (origin user) for anything else or beyond int64. */
export function parseInteger(text: string): bigint {
  if (!/^[+-]?[0-9]+$/.test(text)) throw notA("an integer", text, "expected decimal digits");
  const digits = text.replace(/^[+-]?0*/, "");
  if (digits.length > 19) throw notA("an integer", text, "it is beyond 64 bits");
  const value = BigInt(digits === "" ? "0" : digits) * (text.startsWith("-") ? -1n : 1n);
  if (BigInt.asIntN(64, value) !== value) throw notA("an integer", text, "it is beyond 64 bits");
  return value;
}
