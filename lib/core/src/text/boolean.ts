import { notA } from "./refusal.ts";

const truths: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const falsehoods: ReadonlySet<string> = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** Reads `1 t T TRUE true True` and `0 f F FALSE false False`; throws `invalid_argument` (origin user) for anything else. */
export function parseBoolean(text: string): boolean {
  if (truths.has(text)) return true;
  if (falsehoods.has(text)) return false;
  throw notA("a boolean", text, "expected true or false");
}
