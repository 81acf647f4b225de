import { readdirSync, statSync } from "node:fs";
import path from "node:path";

/**
 * The regular files that `pattern` names, in name order: a path, or one whose parts hold `*`, `?` or `[…]`, none of which
 * crosses a slash. Links count as what they lead to, as the files of a mounted Secret are links. What cannot be read does
 * not match. Blocks: nothing else has begun yet, and a thread for two looks would be a part of each start.
 */
export function matchFiles(pattern: string): readonly string[] {
  const parts = pattern.split("/");
  let found: readonly string[] = [pattern.startsWith("/") ? "/" : ""];
  for (const part of parts.filter((name) => name !== "")) {
    found = found.flatMap((folder) => entries(folder, part));
  }
  return found.filter(isFile).sort();
}

function entries(folder: string, part: string): readonly string[] {
  if (!/[*?[\\]/.test(part)) return [path.join(folder, part)];
  const names = namesIn(folder === "" ? "." : folder);
  const expression = expressionOf(part);
  return names.filter((name) => expression.test(name)).map((name) => path.join(folder, name));
}

/** A class that is not closed matches nothing; a backslash takes the next character as it is. */
function expressionOf(part: string): RegExp {
  const source = part.replace(
    /\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|([*?])|([\s\S])/g,
    (_all, escaped?: string, not?: string, members?: string, star?: string, plain?: string) => {
      if (members !== undefined) return `[${not ?? ""}${members.replaceAll("[", "\\[")}]`;
      if (star !== undefined) return star === "*" ? "[^/]*" : "[^/]";
      return (escaped ?? plain ?? "").replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
    },
  );
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    return /^(?!)/;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}
