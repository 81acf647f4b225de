import { outputUploadFailed, type TaskFailure } from "@flyte-dataplane/core";
import { isAbsent, readFault } from "../local/disk-fault.ts";
import { readSmallFile } from "../local/read-file.ts";

/** Bytes; an exit status has three digits. */
const maxBytes = 64;

/**
 * The failure of a task whose exit status, as decimal text in `file`, is another than 0. Undefined for 0, and where nobody
 * wrote a status: then what the task left decides. Rejects where one lies there that cannot be read: it may say that the
 * task failed.
 */
export async function primaryFailure(file: string): Promise<TaskFailure | undefined> {
  if (file === "") return undefined;
  const content = await readSmallFile(file, maxBytes).catch((cause: unknown) => {
    if (isAbsent(cause)) return new Uint8Array();
    throw readFault(file, cause);
  });
  const status = /^\s*(-?\d{1,10})\s*$/.exec(new TextDecoder().decode(content))?.[1];
  if (status === undefined || Number(status) === 0) return undefined;
  const message = `the task's container ended with status ${Number(status)}, so its outputs are not published`;
  return { code: outputUploadFailed, message, recoverable: true, origin: "user" };
}
