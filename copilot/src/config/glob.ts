import { readdir, stat } from "node:fs/promises";
import path from "node:path";

/**
 * The regular files that `pattern` names, in name order: a path, or one whose parts hold `*`, `?` or `[…]`, none of which
 * crosses a slash. Links count as what they lead to, as the files of a mounted Secret are links. What cannot be read does
 * not match.
 */
export async function matchFiles(pattern: string): Promise<readonly string[]> {
  const parts = pattern.split("/");
  let found: readonly string[] = [pattern.startsWith("/") ? "/" : ""];
  for (const part of parts.filter((name) => name !== "")) {
    const next = await Promise.all(found.map((folder) => entries(folder, part)));
    found = next.flat();
  }
  const files = await Promise.all(found.map(async (file) => ((await isFile(file)) ? [file] : [])));
  return files.flat().sort();
}

async function entries(folder: string, part: string): Promise<readonly string[]> {
  if (!/[*?[\\]/.test(part)) return [path.join(folder, part)];
  const names: readonly string[] = await readdir(folder === "" ? "." : folder).catch(() => []);
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

async function isFile(file: string): Promise<boolean> {
  return await stat(file).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
