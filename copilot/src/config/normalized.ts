import { DataPlaneError, parseBoolean, parseDuration, parseInteger } from "@flyte-dataplane/core";
import type { KeyKind } from "./keys.ts";

/**
 * A value in the one spelling that later readers rely on, from any spelling that its kind takes: numbers and switches may
 * be quoted, a switch may be a number and a number a switch. Throws `invalid_argument` for what is not of the kind.
 */
export function normalized(kind: KeyKind, text: string | undefined): string {
  if (text === undefined) throw refuse();
  switch (kind) {
    case "text":
    case "texts":
      return text;
    case "duration":
      parseDuration(text);
      return text;
    case "switch":
      if (text === "") return "false";
      return String(/^[+-]?\d+$/.test(text) ? parseInteger(text) !== 0n : parseBoolean(text));
    case "number":
      return number(text);
  }
}

function number(text: string): string {
  if (text === "") return "0";
  if (text === "true" || text === "false") return text === "true" ? "1" : "0";
  // A fraction is dropped, as programs do that share these files.
  const value = /^[+-]?\d+\.\d*$/.test(text) ? text.slice(0, text.indexOf(".")) : text;
  const parsed = Number(parseInteger(value));
  if (!Number.isSafeInteger(parsed)) throw refuse();
  return String(parsed);
}

function refuse(): DataPlaneError {
  return new DataPlaneError("invalid_argument", "not of the kind expected", { origin: "user" });
}
