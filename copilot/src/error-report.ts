import {
  copilotErrorFile,
  DataPlaneError,
  encodeErrorDocument,
  errorFile,
  joinUri,
  parseStorageUri,
  type TaskFailure,
} from "@flyte-dataplane/core";
import { type Stores, statObject, writeObject } from "@flyte-dataplane/storage";

/** Where a stage of this attempt reports its failure. */
export interface ErrorPlace {
  readonly stores: Stores;
  /** URI under which the documents of the attempt lie. */
  readonly outputPrefix: string;
  /** Object name that the caller asked for; with the default one the controller's own name is written as well. */
  readonly errorName: string;
}

/** Writes the error document under every name that somebody may look for. Rejects if one cannot be written. */
export async function reportFailure(place: ErrorPlace, failure: TaskFailure, signal?: AbortSignal): Promise<void> {
  const document = encodeErrorDocument(failure);
  for (const name of documentNames(place)) {
    await writeObject(place.stores, joinUri(place.outputPrefix, name), document, options(signal));
  }
}

/** Whether an earlier stage of this attempt has reported already: its failure is the cause, a later one the consequence. */
export async function hasReport(place: ErrorPlace, signal?: AbortSignal): Promise<boolean> {
  for (const name of documentNames(place)) if (await isThere(place, name, signal)) return true;
  return false;
}

/** Removes what an earlier pod of the same attempt reported. Credentials that may not remove do where nothing is there. */
export async function removeReports(place: ErrorPlace, signal?: AbortSignal): Promise<void> {
  for (const name of documentNames(place)) {
    const location = parseStorageUri(joinUri(place.outputPrefix, name));
    try {
      await (await place.stores.bucket(location)).delete(location.key, options(signal));
    } catch (error) {
      if (!isRefused(error) || (await isThere(place, name, signal))) throw error;
    }
  }
}

/** To credentials that may not list, S3 answers for what is absent that access is refused. */
async function isThere(place: ErrorPlace, name: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const found = await statObject(place.stores, joinUri(place.outputPrefix, name), options(signal));
    return found !== undefined;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof DataPlaneError && error.code === "permission_denied";
}

function options(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function documentNames({ errorName }: ErrorPlace): readonly string[] {
  return errorName === copilotErrorFile ? [copilotErrorFile, errorFile] : [errorName];
}
