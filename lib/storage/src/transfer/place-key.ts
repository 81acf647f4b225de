import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";

/** Bytes; what file systems take for one name. */
const maxNameBytes = 255;

/** The object's URI, or how to make it: most keys have a place. */
type Ref = string | (() => string);

/** Where an object of a tree belongs, below the tree's directory. */
export interface KeyPlace {
  /** From the directory to the file or folder, with no slash at an end; empty for the directory itself. */
  readonly path: string;
  /** Some tools store a folder as an object without bytes whose key ends in a slash. */
  readonly isFolder: boolean;
}

/**
 * The place of the object whose key goes on with `relative` behind the tree's prefix. Throws `invalid_argument` (origin
 * user) for a key that would leave the directory or has no file of its own there: `a//b` and `a/b` would be one.
 */
export function placeOfKey(relative: string, size: number, ref: Ref): KeyPlace {
  if (relative === "") return folder("", size, ref);
  const isFolder = relative.endsWith("/");
  const path = isFolder ? relative.slice(0, -1) : relative;
  if (path.length >= suspectLength || suspect.test(path))
    for (const segment of path.split("/")) checkName(segment, ref);
  return isFolder ? folder(path, size, ref) : { path, isFolder };
}

/** A part that is empty, `.` or `..`, and NUL: all that is refused in a short path, and little that is not. */
const suspect = /^(?:$|[./])|\/[./]|\/$|\0/;
/** Of so many letters a part of the path may be too long, at three bytes each. */
const suspectLength = 86;

function folder(path: string, size: number, ref: Ref): KeyPlace {
  if (size === 0) return { path, isFolder: true };
  throw refuse(ref, `it names a folder and has ${size} bytes, for which there is no file`);
}

function checkName(segment: string, ref: Ref): void {
  if (segment === "") throw refuse(ref, "a part of its name is empty");
  if (segment === "." || segment === "..") throw refuse(ref, `the part "${segment}" of its name leads elsewhere`);
  if (segment.includes("\0")) throw refuse(ref, "its name holds a NUL character");
  const bytes = Buffer.byteLength(segment);
  if (bytes > maxNameBytes) {
    throw refuse(ref, `a part of its name has ${bytes} bytes; a file name has ${maxNameBytes} at most`);
  }
}

function refuse(named: Ref, why: string): DataPlaneError {
  const ref = typeof named === "string" ? named : named();
  return new DataPlaneError("invalid_argument", `place ${ref}: ${why}`, { origin: "user", ref });
}
