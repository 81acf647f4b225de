import {
  copilotErrorFile,
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
export async function reportFailure(place: ErrorPlace, failure: TaskFailure): Promise<void> {
  const document = encodeErrorDocument(failure);
  for (const name of documentNames(place)) await writeObject(place.stores, joinUri(place.outputPrefix, name), document);
}

/** Whether an earlier stage of this attempt has reported already: its failure is the cause, a later one the consequence. */
export async function hasReport(place: ErrorPlace, signal?: AbortSignal): Promise<boolean> {
  for (const name of documentNames(place)) {
    const found = await statObject(
      place.stores,
      joinUri(place.outputPrefix, name),
      signal === undefined ? {} : { signal },
    );
    if (found !== undefined) return true;
  }
  return false;
}

/** Removes what an earlier pod of the same attempt reported. */
export async function removeReports(place: ErrorPlace, signal?: AbortSignal): Promise<void> {
  for (const name of documentNames(place)) {
    const location = parseStorageUri(joinUri(place.outputPrefix, name));
    await (await place.stores.bucket(location)).delete(location.key, signal === undefined ? {} : { signal });
  }
}

function documentNames({ errorName }: ErrorPlace): readonly string[] {
  return errorName === copilotErrorFile ? [copilotErrorFile, errorFile] : [errorName];
}
