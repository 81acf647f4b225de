import { atOnce, type Items } from "./at-once.ts";
import type { TransferContext } from "./context.ts";
import { Failures } from "./failures.ts";
import type { TransferOptions, TreeResult } from "./options.ts";
import { withName } from "./with-name.ts";

/**
 * Moves each item of a tree, a bounded number at a time. The first failure aborts the rest; the error names every object
 * that failed by itself. `move` resolves to the bytes of the object.
 */
export async function moveTree<T>(
  context: TransferContext<TransferOptions>,
  operation: string,
  ref: string,
  items: Items<T>,
  move: (item: T, signal: AbortSignal) => Promise<number>,
): Promise<TreeResult> {
  const { options, sizes, meter } = context;
  const failures = new Failures(options.failuresTold);
  let objects = 0;
  let bytes = 0;
  const onFailure = (_item: T, error: unknown): void => failures.add(error);
  try {
    await withName(operation, ref, () =>
      atOnce(items, { limit: () => sizes.objects, signal: options.signal, onFailure }, async (item, signal) => {
        const moved = await move(item, signal);
        objects += 1;
        bytes += moved;
      }),
    );
  } catch (error) {
    throw failures.any ? failures.toError(operation, ref) : error;
  }
  meter.end();
  return { objects, bytes };
}
