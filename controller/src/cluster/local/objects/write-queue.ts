import { type Clock, DataPlaneError, errorCode, type Logger } from "@flyte-dataplane/core";
import type { JournalBatch, JournalPut, ObjectJournal } from "./object-journal.ts";
import type { ObjectChange } from "./stored-object.ts";

export interface WriteQueueOptions {
  readonly journal: ObjectJournal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called once per batch, in order, after it is durable and before its writers hear of it. */
  readonly committed: (changes: readonly ObjectChange[]) => void;
}

/**
 * The one way to the journal: changes go out in the order they came, what arrives while a batch is under way forms the
 * next one. A batch whose outcome is unknown is sent again until it is known, since later changes build on it.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #closing = new AbortController();
  #waiting: Waiting[] = [];
  #pump: Promise<void> | undefined;
  #failure: DataPlaneError | undefined;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  /** Set once nothing can be written any more. */
  get failure(): DataPlaneError | undefined {
    return this.#failure;
  }

  /** Resolves once `changes` are durable. Rejects with `unavailable` when they never will be. */
  push(changes: readonly ObjectChange[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      this.#pump ??= this.#run();
    });
  }

  /** Refuses every write from now on, those waiting included. */
  fail(error: DataPlaneError): void {
    this.#failure ??= error;
    this.#closing.abort(error);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(this.#failure);
  }

  /** Waits for what is queued, unless the journal cannot be reached; then refuses further writes. */
  async close(): Promise<void> {
    while (this.#pump !== undefined && !this.#closing.signal.aborted) {
      if (this.#retrying) break;
      await Promise.race([this.#pump, this.#options.clock.sleep(100)]);
    }
    this.fail(new DataPlaneError("unavailable", "write local objects: the local cluster is closed"));
    await this.#pump;
  }

  #retrying = false;

  async #run(): Promise<void> {
    // Writers of the same turn of the event loop share the first batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const taken = this.#waiting.splice(0, maxWritersPerBatch);
      const changes = taken.flatMap((writer) => writer.changes);
      try {
        // Writers without changes only wait for those before them, which are durable by now.
        if (changes.length > 0) await this.#append(toBatch(changes));
      } catch (error) {
        const failure = stopped(error);
        this.fail(failure);
        for (const { reject } of taken) reject(failure);
        break;
      }
      this.#options.committed(changes);
      for (const { resolve } of taken) resolve();
    }
    this.#pump = undefined;
  }

  async #append(batch: JournalBatch): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#options.journal.append(batch);
        this.#retrying = false;
        return;
      } catch (error) {
        if (final.has(errorCode(error)) || this.#closing.signal.aborted) throw error;
        this.#retrying = true;
        if (attempt === 0) this.#options.logger.warn({ error: String(error) }, "objects not written yet; trying again");
        await this.#options.clock.sleep(Math.min(50 * 2 ** attempt, 2_000), { signal: this.#closing.signal });
      }
    }
  }
}

interface Waiting {
  readonly changes: readonly ObjectChange[];
  readonly resolve: () => void;
  readonly reject: (error: DataPlaneError) => void;
}

const maxWritersPerBatch = 512;
/** Answers that sending the batch again cannot change. */
const final: ReadonlySet<string> = new Set(["failed_precondition", "invalid_argument"]);

/** Of several changes to one object only the last is written: the states between were never the newest on disk. */
function toBatch(changes: readonly ObjectChange[]): JournalBatch {
  const last = new Map(changes.map((change) => [`${change.kind}/${change.object.metadata.name}`, change]));
  const puts: JournalPut[] = [];
  const removals: { kind: ObjectChange["kind"]; name: string }[] = [];
  for (const { type, kind, version, object } of last.values()) {
    const { name, uid } = object.metadata;
    if (type === "DELETED") removals.push({ kind, name });
    else puts.push({ kind, name, uid, version, body: JSON.stringify(object) });
  }
  return { version: changes.at(-1)?.version ?? 0, puts, removals };
}

function stopped(error: unknown): DataPlaneError {
  const message = "write local objects: stopped for good, another server may own the database";
  return new DataPlaneError("unavailable", message, { cause: error });
}
