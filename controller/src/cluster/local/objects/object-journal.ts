import type { ObjectKind } from "./stored-object.ts";

/** Where the objects survive a restart. One writer at a time. */
export interface ObjectJournal {
  /** Every object stored, as JSON texts, and the last version given out. */
  load(): Promise<JournalContents>;
  /**
   * Makes a batch durable, all of it or nothing. May be repeated with the same batch after a failure whose outcome is
   * unknown. Rejects with `failed_precondition` when another writer has taken over: then nothing may be written any more.
   */
  append(batch: JournalBatch): Promise<void>;
}

export interface JournalContents {
  readonly version: number;
  readonly objects: readonly { readonly kind: ObjectKind; readonly body: string }[];
}

/** At most one entry per kind and name. */
export interface JournalBatch {
  /** The last version given out when the batch was taken. */
  readonly version: number;
  readonly puts: readonly JournalPut[];
  readonly removals: readonly { readonly kind: ObjectKind; readonly name: string }[];
}

export interface JournalPut {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly uid: string;
  readonly version: number;
  /** The object as JSON text. */
  readonly body: string;
}
