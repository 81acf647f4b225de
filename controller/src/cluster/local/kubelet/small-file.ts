import { rename, writeFile } from "node:fs/promises";

/** Puts `text` at `path`, whole or not at all: readers see the old file, none, or all of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  await writeFile(part, text);
  await rename(part, path);
}
