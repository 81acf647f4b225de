import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Driver } from "../driver.ts";
import { aborting } from "./aborting.ts";
import { absence } from "./absence.ts";
import { checksums } from "./checksums.ts";
import { closing } from "./closing.ts";
import { conditions } from "./conditions.ts";
import type { Harness, Subject } from "./harness.ts";
import { intoSink } from "./into-sink.ts";
import { keys } from "./keys.ts";
import { listing } from "./listing.ts";
import { metadata } from "./metadata.ts";
import { multipart } from "./multipart.ts";
import { ranges } from "./ranges.ts";
import { replacing } from "./replacing.ts";
import { signing } from "./signing.ts";
import { sizes } from "./sizes.ts";
import { sources } from "./sources.ts";
import { toFile } from "./to-file.ts";

export { bodyOf, collect, failingBody, md5, someBytes, stallingBody, text } from "./bodies.ts";
export { expectBytes } from "./expect-bytes.ts";
export { expectCode } from "./expect-code.ts";
export type { Harness, Proof, Subject } from "./harness.ts";

const topics = {
  sizes,
  sources,
  ranges,
  toFile,
  intoSink,
  absence,
  replacing,
  conditions,
  listing,
  keys,
  checksums,
  metadata,
  multipart,
  aborting,
  signing,
  closing,
};

/**
 * Holds a driver to every promise of `Driver`. Every driver and every wrapper runs the same suite; for each capability
 * both sides are asserted. What the harness says it cannot prove is printed.
 */
export function describeDriver(name: string, makeHarness: () => Promise<Harness>): void {
  describe(`${name} driver`, () => {
    let harness: Harness | undefined;
    let current: Driver | undefined;
    const subject: Subject = {
      driver() {
        if (current === undefined) throw new Error("the driver is open during tests only");
        return current;
      },
      leftovers: async () => (await harness?.leftovers()) ?? [],
      earlySigner: async () => await harness?.earlySigner?.(),
      proves: (proof) => harness?.cannotProve?.includes(proof) !== true,
    };

    beforeAll(async () => {
      harness = await makeHarness();
    });
    beforeEach(async () => {
      current = await harness?.open();
    });
    afterEach(async () => {
      await current?.close();
      expect(await harness?.leftovers()).toEqual([]);
    });
    afterAll(async () => {
      await harness?.close();
    });

    for (const [topic, define] of Object.entries(topics)) {
      describe(topic, () => {
        define(subject);
      });
    }

    it("declares what its server does not enforce", (context) => {
      for (const proof of harness?.cannotProve ?? []) void context.annotate(`${name} cannot prove: ${proof}`);
    });
  });
}
