import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { FileSpec } from "./case.ts";

/** Makes files below a folder, by path; links point to what they name from where they stand. */
export async function writeFiles(folder: string, files: Readonly<Record<string, FileSpec>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, spec] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    if (typeof spec === "string" || spec instanceof Uint8Array) await writeFile(file, spec);
    else if ("yaml" in spec) await writeFile(file, spec.yaml);
    else if ("link" in spec) await symlink(spec.link, file);
    else if ("folder" in spec) await mkdir(file, { recursive: true });
    else await promisify(execFile)("mkfifo", [file]);
  }
}
