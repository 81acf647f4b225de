// Our generated code against the descriptors of the SDK that clients really install.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { generatedFiles } from "../../proto/test/every-message.ts";
import type { PackageComparison } from "./compare-entries.ts";
import { compareEntries } from "./compare-entries.ts";
import type { Entries } from "./descriptor-facts.ts";
import { describeFiles } from "./descriptor-facts.ts";
import type { ComparisonReport } from "./table-reporter.ts";
import { comparisonReport } from "./table-reporter.ts";

/** Packages that our services speak or store; notification is complete because runs import it. */
const whole = [
  "actions",
  "app",
  "auth",
  "cacheservice",
  "cacheservice.v2",
  "cluster",
  "common",
  "core",
  "dataproxy",
  "event",
  "imagebuilder",
  "logs.dataplane",
  "notification",
  "project",
  "secret",
  "settings",
  "task",
  "trigger",
  "workflow",
].map((name) => `flyteidl2.${name}`);

/** Packages of other owners: we declare what our sources use, and that has to agree. */
const partial = ["buf.validate", "google.api", "google.rpc"];

interface Dump {
  readonly version: string;
  readonly entries: Entries;
}

let theirs: Dump;
let comparisons: PackageComparison[];

beforeAll(async () => {
  const script = fileURLToPath(new URL("dump-descriptors.py", import.meta.url));
  const output = execFileSync(inject("sdkPython"), [script], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  theirs = JSON.parse(output) as Dump;
  // What we offer beyond the SDK's interface is in packages under `dataplane.`, which nobody else declares.
  const shared = (await generatedFiles()).filter((file) => !file.proto.package.startsWith("dataplane."));
  comparisons = compareEntries(describeFiles(shared), theirs.entries);
});

afterAll(() => {
  const report: ComparisonReport = { version: theirs.version, named: whole, packages: comparisons };
  mkdirSync(path.dirname(comparisonReport), { recursive: true });
  writeFileSync(comparisonReport, `${JSON.stringify(report, undefined, 1)}\n`);
});

it("the descriptors compared with are those of the pinned release", () => {
  expect(theirs.version).toBe(inject("sdkVersion"));
});

describe.each(whole)("%s", (name) => {
  it("has every message, field, enum value and method of the SDK's and no other", () => {
    expect(comparisonOf(name)).toMatchObject({ lacking: [], extra: [] });
  });

  it("agrees in number, type, cardinality, oneof, method kind, idempotency level and rules", () => {
    expect(comparisonOf(name).different).toEqual([]);
  });

  it("was really compared: both sides have descriptors there", () => {
    expect(comparisonOf(name).counts["message"]).toBeGreaterThan(0);
  });
});

describe.each(partial)("%s", (name) => {
  it("declares nothing that its owner does not, and nothing differently", () => {
    expect(comparisonOf(name)).toMatchObject({ extra: [], different: [] });
  });
});

it("no package of ours escapes the comparison", () => {
  const ours = comparisons.filter(({ package: name }) => ![...whole, ...partial].includes(name));
  expect(ours.flatMap(({ extra, different }) => [...extra, ...different])).toEqual([]);
});

function comparisonOf(name: string): PackageComparison {
  const found = comparisons.find((comparison) => comparison.package === name);
  if (found === undefined) throw new Error(`neither side has package ${name}`);
  return found;
}
