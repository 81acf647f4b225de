/**
 * There is no mount namespace around a local container, so paths of the Pod are replaced by real ones wherever its
 * command, arguments and environment name them.
 */

/** Absolute path in the Pod → absolute path on this machine. */
export type MountPaths = ReadonlyMap<string, string>;

/**
 * `text` with every mount path replaced that stands at path boundaries: `/in` is found in `/in/x`, `file:///in`, `-o/in`
 * and `--to=/in`, not in `/input`, `/in.txt` or `/my/in`. Of several that fit the longest wins, and what was put in is
 * not looked at again.
 */
export function replaceMountPaths(text: string, mounts: MountPaths): string {
  const paths = [...mounts.keys()].filter((path) => path !== "/").sort((a, b) => b.length - a.length);
  if (paths.length === 0) return text;
  const pattern = new RegExp(`${atPathStart}(?:${paths.map(escapePattern).join("|")})${atPathEnd}`, "g");
  return text.replaceAll(pattern, (path) => mounts.get(path) ?? path);
}

/** After nothing that a longer path could go on from, except a one-letter option written without a space. */
const atPathStart = "(?<=(?<![\\w.~})-])|(?:^|\\s)-[A-Za-z])";
const atPathEnd = "(?![\\w.-])";

/** A mount path without slashes at its end. */
export function normalizeMountPath(path: string): string {
  return path.replace(/\/+$/, "") || "/";
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
