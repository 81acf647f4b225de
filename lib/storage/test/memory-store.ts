import type { Harness } from "../src/conformance/harness.ts";
import type { Driver } from "../src/driver.ts";
import { type MemoryDriver, openMemoryDriver } from "../src/drivers/memory/driver.ts";
import { wallClock } from "./file-store.ts";

/** Memory stores, whose uploads under way are what may be left over. */
export function memoryHarness(wrap: (driver: MemoryDriver) => Driver = (driver) => driver): Promise<Harness> {
  let store: MemoryDriver | undefined;
  return Promise.resolve({
    open() {
      store = openMemoryDriver({ clock: wallClock });
      return Promise.resolve(wrap(store));
    },
    leftovers() {
      const open = store?.openUploads ?? 0;
      return Promise.resolve(open === 0 ? [] : [`${open} uploads under way`]);
    },
    close: () => Promise.resolve(),
  });
}
