// @ts-check
// The folder that holds what `npm run tools` got: outside the checkout, shared by all of a user's checkouts.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/**
 * @param {Readonly<Record<string, string | undefined>>} env FLYTE_DATAPLANE_TOOLS names another folder
 * @returns {string}
 */
export function toolsFolder(env) {
  return env["FLYTE_DATAPLANE_TOOLS"] || path.join(homedir(), ".cache", "flyte-dataplane", "tools");
}

/**
 * Makes a folder of the cache once: a broken-off attempt leaves nothing under the final name.
 * @param {string} folder the final name
 * @param {(scratch: string) => Promise<void>} fill puts everything into an empty folder; throws when it cannot
 * @returns {Promise<string>} `folder`
 */
export async function once(folder, fill) {
  if (existsSync(folder)) return folder;
  mkdirSync(path.dirname(folder), { recursive: true });
  const scratch = mkdtempSync(`${folder}.partial-`);
  try {
    await fill(scratch);
    // Another process may have been faster; either copy will do.
    if (!existsSync(folder)) renameSync(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return folder;
}
