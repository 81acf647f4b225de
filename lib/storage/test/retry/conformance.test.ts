import { describeDriver } from "../../src/conformance/index.ts";
import { withRetry } from "../../src/with-retry.ts";
import { type Call, type Fault, faulty, lineCut } from "../faulty-driver.ts";
import { fileHarness } from "../file-store.ts";
import { instantClock } from "../instant-clock.ts";
import { memoryHarness } from "../memory-store.ts";

/**
 * Every seventh call is refused before it is heard, every second listing breaks off, and every second body but those of
 * "object": the suite replaces that one under its readers, who then get no rest of the old version, and rightly so.
 */
const badDay = ({ operation, key, count }: Call): Fault | undefined => {
  if (count % 7 === 1) return { refuse: lineCut() };
  if (operation === "get" && key !== "object" && count % 2 === 0) return { cut: { after: 70_001, error: lineCut() } };
  if (operation === "list" && count % 2 === 0) return { cut: { after: 1, error: lineCut() } };
  return undefined;
};

describeDriver("retried flaky memory", () =>
  memoryHarness((driver) => withRetry(faulty(driver, badDay), { attempts: 8 }, { clock: instantClock() })),
);
describeDriver("retried flaky file", () =>
  fileHarness((driver) => withRetry(faulty(driver, badDay), { attempts: 8 }, { clock: instantClock() })),
);
describeDriver("retried memory", () => memoryHarness((driver) => withRetry(driver, {}, { clock: instantClock() })));
