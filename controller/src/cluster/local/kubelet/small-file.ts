import { rename, writeFile } from "node:fs/promises";

/** Puts `text` at `path`, whole or not at all: readers see the old file, none, or all of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  await writeFile(part, text);
  await rename(part, path);
}

/** Creates an empty file; false if there is one already. Of several who try at once, one gets true. */
export async function createExclusively(path: string): Promise<boolean> {
  try {
    await writeFile(path, "", { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
