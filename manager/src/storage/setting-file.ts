import { readFile } from "node:fs/promises";
import { DataPlaneError } from "@flyte-dataplane/core";

/** The text of a file that `setting` names. Rejects with `failed_precondition`, naming both and nothing that is in it. */
export async function readSettingFile(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const word = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new DataPlaneError("failed_precondition", `read ${setting}: ${path} cannot be read (${word})`, {
      origin: "user",
      cause,
    });
  }
}
