import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, resolve } from "node:path";

/**
 * The file that running `program` would run, or undefined if there is none: a name with a slash counts from
 * `workingDirectory`, any other is looked for along `searchPath`, as `execvp` does.
 */
export async function findProgram(
  program: string,
  { searchPath, workingDirectory }: { readonly searchPath: string; readonly workingDirectory: string },
): Promise<string | undefined> {
  const directories = program.includes("/") ? [""] : searchPath.split(delimiter);
  for (const directory of directories) {
    const file = resolve(workingDirectory, directory, program);
    if (await isProgram(file)) return file;
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
