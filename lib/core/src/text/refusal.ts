import { DataPlaneError } from "../errors.ts";

/** The error for text that a task wrote and that is not what it declared. Quotes a bounded, printable excerpt. */
export function notA(kind: string, text: string, what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `${excerpt(text)} is not ${kind}: ${what}`, { origin: "user" });
}

/** At most 64 characters of `text`, quoted, on one line. */
function excerpt(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
