import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

/** A new empty directory under `parent`; `remove` takes it away with all it holds. */
export async function makeTemporary(
  parent: string,
  prefix: string,
): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(parent, prefix));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
