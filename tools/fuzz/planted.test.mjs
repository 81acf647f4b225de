// @ts-check
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleTarget } from "./bundle.mjs";
import { runTarget } from "./run-target.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Milliseconds: a defect is found in moments, on a busy machine in more of them. */
const patience = 120_000;

/** A change that a person could make, in a file that a target reads with; which target of the package is to see it. */
const inStorage = [
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
  {
    target: "drivers/s3/list-entry.fuzz.ts",
    name: "a key of which an entity is taken for its letters",
    file: "drivers/s3/list-entry.ts",
    sound: '["Key", "([^<&]*)"]',
    defect: '["Key", "([^<]*)"]',
  },
];

const inCopilot = [
  {
    target: "download.fuzz.ts",
    name: "an input whose name leads out of the folder",
    file: "variable-names.ts",
    sound: 'name === ".." || name.includes("/")',
    defect: 'name === ".."',
  },
  {
    target: "download.fuzz.ts",
    name: "a half-written file that stays behind a failure",
    file: "local/place-file.ts",
    sound: "if (!placed) unlinkSync(partial);",
    defect: "",
  },
  {
    target: "download.fuzz.ts",
    name: "inputs that are described before they are there",
    file: "download.ts",
    sound: "await materialize(layout, { ...options, folder: toLocalDir, writeTexts });",
    defect:
      "await writeTexts(); await description.write(toLocalDir); await materialize(layout, { ...options, folder: toLocalDir, writeTexts: async () => {} });",
  },
  {
    target: "upload.fuzz.ts",
    name: "a link that brings out a file of another container",
    file: "upload/output-folder.ts",
    sound: "if (!resolved.startsWith(`${this.#root}/`)) {",
    defect: "if (resolved === this.#root) {",
  },
  {
    target: "upload.fuzz.ts",
    name: "an error file that shows a file of another container",
    file: "upload/task-error.ts",
    sound: "if (resolved.startsWith(`${root}/`)) return resolved;",
    defect: "if (resolved !== root) return resolved;",
  },
  {
    target: "upload.fuzz.ts",
    name: "files that are announced although they were not stored",
    file: "upload/collect.ts",
    sound: "await storeData(uploads, faults,",
    defect: "if (uploads.length !== 1) await storeData(uploads, faults,",
  },
  {
    target: "upload.fuzz.ts",
    name: "outputs of a task whose inputs had failed",
    file: "upload.ts",
    sound: "options.hasInputs && (await hasReport(options, options.signal))",
    defect: "!options.hasInputs && (await hasReport(options, options.signal))",
  },
];

const planted = [
  ...inStorage.map((plant) => ({ ...plant, package: path.join("lib", "storage") })),
  ...inCopilot.map((plant) => ({ ...plant, package: "copilot" })),
];

test.each(planted)(
  "$package/src/$target finds $name",
  async ({ package: name, target, file, sound, defect }) => {
    const sources = path.join(root, name, "src");
    const folder = mkdtempSync(path.join(root, name, "dist", "planted-"));
    try {
      const plant = { file: path.join(sources, file), sound, defect };
      const bundle = await bundleTarget(path.join(sources, target), folder, plant);
      const result = await runTarget({ root, bundle, seed: 42, first: 0, cases: 20_000, caseMs: 20_000 });
      expect(result.defect?.reason).toMatch(/^(Error|XmlFault|DataPlaneError)/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  patience,
);
