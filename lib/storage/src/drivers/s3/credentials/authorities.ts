import { readFile } from "node:fs/promises";
import { DataPlaneError } from "@flyte-dataplane/core";
import { systemWord } from "./secret-file.ts";

/** The PEM of authorities in the file that AWS_CA_BUNDLE names. Rejects with `failed_precondition` if it cannot be read. */
export async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const word = systemWord(cause);
    throw new DataPlaneError("failed_precondition", `AWS_CA_BUNDLE: ${file} cannot be read (${word})`, { cause });
  }
}
