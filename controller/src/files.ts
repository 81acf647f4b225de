/** Reads, writes and removes what an attempt leaves under its prefix. */
import { decodeErrorDocument, errorCode, errorUri, outputsUri, parseStorageUri } from "@flyte-dataplane/core";
import { readObject, type Stores, statObject, writeObject } from "@flyte-dataplane/storage";
import type { ErrorAccount, Files } from "./plan.ts";

const maxErrorBytes = 2 * 1024 * 1024;

/** Outputs are looked at, never read: they may be large, and they are the task's. Rejects when the store is unavailable. */
export async function readFiles(stores: Stores, prefix: string, signal: AbortSignal): Promise<Files> {
  const [error, outputs] = await Promise.all([
    statObject(stores, errorUri(prefix), { signal }),
    statObject(stores, outputsUri(prefix), { signal }),
  ]);
  const document = error === undefined ? undefined : await readAccount(stores, errorUri(prefix), signal);
  return {
    ...(error === undefined || document === undefined ? {} : { error: { modifiedMs: error.modifiedAt, document } }),
    ...(outputs === undefined ? {} : { outputs: { modifiedMs: outputs.modifiedAt, bytes: outputs.size } }),
  };
}

async function readAccount(stores: Stores, uri: string, signal: AbortSignal): Promise<ErrorAccount | undefined> {
  try {
    const failure = decodeErrorDocument(await readObject(stores, uri, { maxBytes: maxErrorBytes, signal }), uri);
    if (failure === undefined) return { kind: "bad" };
    const { code, message, recoverable, origin } = failure;
    return { kind: "error", code, message, recoverable, origin: origin === "system" ? "SYSTEM" : "USER" };
  } catch (error) {
    const code = errorCode(error);
    if (code === "not_found") return undefined;
    if (code === "invalid_argument" || code === "resource_exhausted") return { kind: "bad" };
    throw error;
  }
}

/** Removes what an earlier Pod of the same attempt wrote, so that it cannot be taken for the next one's. */
export async function removeFiles(stores: Stores, prefix: string, signal: AbortSignal): Promise<void> {
  for (const uri of [outputsUri(prefix), errorUri(prefix)]) {
    const location = parseStorageUri(uri);
    await (await stores.bucket(location)).delete(location.key, { signal });
  }
}

/** An empty map where the task declares no outputs and wrote none: readers expect a file. */
export async function writeEmptyOutputs(stores: Stores, prefix: string, signal: AbortSignal): Promise<void> {
  try {
    await writeObject(stores, outputsUri(prefix), new Uint8Array(), { ifAbsent: true, signal });
  } catch (error) {
    if (errorCode(error) !== "already_exists") throw error;
  }
}
