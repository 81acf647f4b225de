import { describeDriver } from "../src/conformance/index.ts";
import { openMemoryDriver } from "../src/drivers/memory/driver.ts";
import { wallClock } from "./file-store.ts";

describeDriver("memory", () =>
  Promise.resolve({
    open: () => Promise.resolve(openMemoryDriver({ clock: wallClock })),
    leftovers: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  }),
);
