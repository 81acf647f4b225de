import { atOnce, type Items } from "./at-once.ts";
import type { TransferContext } from "./context.ts";
import { Failures } from "./failures.ts";
import type { TransferOptions, TreeResult } from "./options.ts";
import { withName } from "./with-name.ts";

/**
 * Moves each item of a tree, a bounded number at a time. The first failure aborts the rest; the error names every object
 * that failed by itself. `move` resolves to what tells the bytes of the object.
 */
export async function moveTree<T>(
  context: TransferContext<TransferOptions>,
  operation: string,
  ref: string,
  items: Items<T>,
  move: (item: T, signal: AbortSignal) => Promise<{ readonly size: number }>,
): Promise<TreeResult> {
  const { options, sizes, meter } = context;
  const failures = new Failures(options.failuresTold);
  let objects = 0;
  let bytes = 0;
  const onFailure = (_item: T, error: unknown): void => failures.add(error);
  const onDone = ({ size }: { readonly size: number }): void => {
    objects += 1;
    bytes += size;
  };
  const limit = (): number => sizes.objects;
  try {
    await withName(operation, ref, () => atOnce(items, { limit, signal: options.signal, onFailure, onDone }, move));
  } catch (error) {
    throw failures.any ? failures.toError(operation, ref) : error;
  }
  meter.end();
  return { objects, bytes };
}
