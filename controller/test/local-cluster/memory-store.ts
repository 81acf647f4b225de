/** The store on a journal in memory, and objects to put into it. */
import type { Logger } from "@flyte-dataplane/core";
import type { JournalBatch, ObjectJournal } from "../../src/cluster/local/objects/object-journal.ts";
import { ObjectStore } from "../../src/cluster/local/objects/object-store.ts";
import type { ObjectKind, StoredObject } from "../../src/cluster/local/objects/stored-object.ts";

const quiet: Logger = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0, child: () => quiet };
const clock = { now: () => 1_700_000_000_000, sleep: () => Promise.resolve() };

/** Keeps what a database would keep, and asks `before` whether a batch may go through. */
export class MemoryJournal implements ObjectJournal {
  readonly rows = new Map<string, { readonly kind: ObjectKind; readonly body: string }>();
  readonly batches: JournalBatch[] = [];
  version = 0;
  before: () => void | Promise<void> = () => undefined;

  load() {
    return Promise.resolve({ version: this.version, objects: [...this.rows.values()] });
  }

  async append(batch: JournalBatch): Promise<void> {
    await this.before();
    this.batches.push(batch);
    for (const { kind, name, body } of batch.puts) this.rows.set(`${kind}/${name}`, { kind, body });
    for (const { kind, name } of batch.removals) this.rows.delete(`${kind}/${name}`);
    this.version = batch.version;
  }
}

export async function openStore(journal = new MemoryJournal(), historyLimit = 1_000): Promise<ObjectStore> {
  return await ObjectStore.open({ journal, namespace: "flyte", clock, logger: quiet, historyLimit });
}

interface ActionOptions {
  readonly owner?: StoredObject;
  readonly finalizers?: readonly string[];
  readonly labels?: Record<string, string>;
}

export function anAction(name: string, { owner, finalizers, labels }: ActionOptions = {}) {
  const ownerReferences =
    owner === undefined
      ? []
      : [{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid }];
  const metadata = {
    name,
    ...(finalizers === undefined ? {} : { finalizers }),
    ...(labels === undefined ? {} : { labels }),
    ownerReferences,
  };
  return {
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata,
    spec: { runName: "r", project: "p", domain: "d", actionName: name.slice(0, 30) },
  };
}

export function aPod(name: string) {
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers: [{ name: "main" }] } };
}
