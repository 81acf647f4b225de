import path from "node:path";
import { matchFiles } from "./glob.ts";

/** Where configuration lies when the command line names none, or none that is there; the first one counts. */
const usualPlaces = ["config.yaml", "/etc/flyte/config/config.yaml"];

/**
 * The configuration files to read, in the order in which later ones win: those of `pattern` in name order, else the file
 * of the first usual place that has one. Paths are relative to `workingDirectory`. No file at all is no fault.
 */
export function findConfigFiles(pattern: string, workingDirectory: string): readonly string[] {
  for (const place of pattern === "" ? usualPlaces : [pattern, ...usualPlaces]) {
    const files = matchFiles(path.isAbsolute(place) ? place : path.join(escaped(workingDirectory), place));
    if (files.length > 0) return files;
  }
  return [];
}

/** The folder itself is no pattern. */
function escaped(folder: string): string {
  return folder.replace(/[*?[\\]/g, "\\$&");
}
