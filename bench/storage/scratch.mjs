// @ts-check
// What a benchmark leaves on a machine, kept in one place so that it is gone afterwards, also when the runner is stopped.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const memory = "/dev/shm";

/**
 * A folder in memory where the machine has one, and the servers that work in it. `close` runs `stops` in order, then
 * removes the folder.
 */
export function makeScratch() {
  const scratch = mkdtempSync(path.join(existsSync(memory) ? memory : tmpdir(), "flyte-dataplane-bench-"));
  /** @type {(() => Promise<void>)[]} */
  const stops = [];
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  process.once("exit", remove);
  return {
    scratch,
    stops,
    folder: (/** @type {string} */ name) => {
      mkdirSync(path.join(scratch, name), { recursive: true });
      return path.join(scratch, name);
    },
    close: async () => {
      for (const stop of stops) await stop();
      process.removeListener("exit", remove);
      remove();
    },
  };
}
