import { readFile } from "node:fs/promises";
import { unusable } from "./source.ts";

/**
 * The one line that a mounted secret or token holds, without blanks around it. Rejects with `unauthenticated` where the
 * file cannot be read or holds anything else; the message names the file, never what is in it.
 */
export async function readSecretFile(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw unusable(`${file} cannot be read (${systemWord(cause)})`, cause);
  }
  const line = text.trim();
  if (line === "") throw unusable(`${file} is empty`);
  // It goes into a header or a form: a line end would begin another field.
  if (/[^\x20-\x7e]/.test(line)) throw unusable(`${file} holds more than one line of plain characters`);
  return line;
}

/** Node's name of a failed call, e.g. `ENOENT`. */
export function systemWord(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown error";
}
