import { randomInt } from "node:crypto";
import { invalid } from "../identifiers.ts";

/** No vowels, so that no word appears by chance, and no 0, 1 or 3, which read like letters. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";
const drawn = 19;
const longest = 30;

/** `r` and 19 characters from a secure source: 90 bits, nobody guesses the next one. */
export function generateRunName(): string {
  return `r${Array.from({ length: drawn }, () => alphabet.charAt(randomInt(alphabet.length))).join("")}`;
}

/** A name that a caller chose becomes part of resource names: a DNS label that starts with a letter. */
export function checkRunName(name: string): string {
  if (Buffer.byteLength(name) > longest) throw invalid(`run_id.name: longer than ${longest} bytes`);
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) {
    throw invalid(
      "run_id.name: must be lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen",
    );
  }
  return name;
}
