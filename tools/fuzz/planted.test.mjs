// @ts-check
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleTarget } from "./bundle.mjs";
import { runTarget } from "./run-target.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
const storage = path.join(root, "lib", "storage", "src");

/** A change that a person could make, in a file that a target reads with; which target is to see it. */
const planted = [
  {
    target: "wire/response.fuzz.ts",
    name: "a second Content-Length that nobody looks at",
    file: "wire/framing-of.ts",
    sound: "if (contentLengths.length > 1) throw",
    defect: "if (contentLengths.length > 2) throw",
  },
  {
    target: "wire/response.fuzz.ts",
    name: "a chunk whose end may be anything",
    file: "wire/chunked-body.ts",
    sound: "if (byte !== (this.#left === 2 ? carriageReturn : lineFeed)) throw",
    defect: "if (this.#left === 0) throw",
  },
  {
    target: "wire/response.fuzz.ts",
    name: "a head that is read in another way where it comes in pieces",
    file: "wire/head-reader.ts",
    sound: "if (whole.indexOf(carriageReturn) !== length || length < 0) throw",
    defect: "if (length < 0) throw",
  },
  {
    target: "drivers/s3/sign.fuzz.ts",
    name: "an asterisk that is not escaped",
    file: "drivers/s3/sign-canonical.ts",
    sound: "/[!'()*]/g",
    defect: "/[!'()]/g",
  },
  {
    target: "drivers/s3/sign.fuzz.ts",
    name: "parameters that are sorted with their values",
    file: "drivers/s3/sign-canonical.ts",
    sound: "pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));",
    defect: 'pairs.sort((a, b) => compare(a.join("="), b.join("=")));',
  },
  {
    target: "drivers/s3/xml.fuzz.ts",
    name: "an element that any end tag closes",
    file: "drivers/s3/xml.ts",
    sound: "this.#take(endTag)?.[1] !== name) throw",
    defect: "this.#take(endTag) === undefined) throw",
  },
  {
    target: "drivers/s3/xml.fuzz.ts",
    name: "a document that goes on behind its root",
    file: "drivers/s3/xml.ts",
    sound: "if (this.#at < this.#document.length) throw",
    defect: "if (this.#at < 0) throw",
  },
];

test.each(planted)("$target finds $name", async ({ target, file, sound, defect }) => {
  const folder = mkdtempSync(path.join(root, "lib", "storage", "dist", "planted-"));
  try {
    const plant = { file: path.join(storage, file), sound, defect };
    const bundle = await bundleTarget(path.join(storage, target), folder, plant);
    const result = await runTarget({ root, bundle, seed: 42, first: 0, cases: 20_000, caseMs: 20_000 });
    expect(result.defect?.reason).toMatch(/^(Error|XmlFault|DataPlaneError)/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
