import { Buffer } from "node:buffer";
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError, outputUploadFailed, type TaskFailure, taskErrorFile } from "@flyte-dataplane/core";
import { readSmallFile } from "../local/read-file.ts";

/** Bytes; a larger error file is not reported but is a failure itself. */
const maxErrorBytes = 1024 * 1024;

/**
 * What the task says about its own failure in `_ERROR`, or undefined if it says nothing. A JSON object with `message`,
 * and perhaps `code` and `recoverable`, says it exactly; any other text is the message. Bytes that are not UTF-8 are
 * shown lossily. Rejects (origin user) for a file that is too large, not a file, or a link out of the directory.
 */
export async function readTaskError(directory: string): Promise<TaskFailure | undefined> {
  const file = path.join(directory, taskErrorFile);
  const stats = await stat(file).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw new DataPlaneError("internal", `read ${file}: it cannot be examined`, { ref: file, cause: error });
  });
  if (stats === undefined) return undefined;
  if (stats.size > maxErrorBytes) {
    const what = `read ${file}: the error file is too large, ${stats.size} of at most ${maxErrorBytes} bytes`;
    throw new DataPlaneError("resource_exhausted", what, { origin: "user", ref: file });
  }
  const text = Buffer.from(await readSmallFile(await within(directory, file), maxErrorBytes)).toString("utf8");
  return (
    declared(text) ?? { code: outputUploadFailed, message: `User Error: ${text}`, recoverable: true, origin: "user" }
  );
}

/** The file resolved: no link of the task brings a secret of this container into the report. */
async function within(directory: string, file: string): Promise<string> {
  const [root, resolved] = [await realpath(directory), await realpath(file)];
  if (resolved.startsWith(`${root}/`)) return resolved;
  throw new DataPlaneError("permission_denied", `read ${file}: the link leads out of the output directory`, {
    origin: "user",
    ref: file,
  });
}

function declared(text: string): TaskFailure | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("message" in value) || typeof value.message !== "string")
    return undefined;
  return {
    code: "code" in value && typeof value.code === "string" && value.code !== "" ? value.code : outputUploadFailed,
    message: value.message,
    recoverable: !("recoverable" in value && value.recoverable === false),
    origin: "user",
  };
}
