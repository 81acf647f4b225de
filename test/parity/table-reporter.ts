// Prints what the parity suite compared, package by package, and what it found; the suite itself runs in a worker
// whose output vitest would interleave with its own.
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Reporter } from "vitest/node";
import type { PackageComparison } from "./compare-entries.ts";

/** Where parity.test.ts leaves its comparison for the table and for later readers. */
export const comparisonReport: string = fileURLToPath(new URL("../../reports/parity-packages.json", import.meta.url));

/** The document at `comparisonReport`. */
export interface ComparisonReport {
  /** The release of flyteidl2 compared with. */
  readonly version: string;
  /** Packages that have to be whole. */
  readonly named: readonly string[];
  readonly packages: readonly PackageComparison[];
}

const kinds = ["message", "field", "enum value", "method"];
const header = ["messages", "fields", "enum values", "methods", "lacking", "extra", "different"];

/** Reads the comparison once the run has ended; prints nothing when the suite broke before writing one. */
export class TableReporter implements Reporter {
  onTestRunStart(): void {
    rmSync(comparisonReport, { force: true });
  }

  onTestRunEnd(): void {
    const report = readReport();
    if (report === undefined) return;
    const { version, named, packages } = report;
    const isNamed = (row: PackageComparison): boolean => named.includes(row.package);
    print(`flyteidl2 ${version}, promised in full`, packages.filter(isNamed));
    print(
      "other packages, imported in part or not at all",
      packages.filter((row) => !isNamed(row)),
    );
  }
}

function readReport(): ComparisonReport | undefined {
  try {
    return JSON.parse(readFileSync(comparisonReport, "utf8")) as ComparisonReport;
  } catch {
    return undefined;
  }
}

function print(title: string, packages: readonly PackageComparison[]): void {
  const rows = packages.map((row) => ({ name: row.package, figures: figuresOf(row) }));
  const totals = header.map((_, column) => rows.reduce((sum, { figures }) => sum + (figures[column] ?? 0), 0));
  const lines = [
    line(title, header),
    ...rows.map(({ name, figures }) => line(`  ${name}`, figures)),
    line("  total", totals),
  ];
  process.stdout.write(`\n${lines.join("\n")}\n`);
}

function figuresOf({ counts, lacking, extra, different }: PackageComparison): number[] {
  return [...kinds.map((kind) => counts[kind] ?? 0), lacking.length, extra.length, different.length];
}

function line(name: string, cells: readonly (string | number)[]): string {
  return name.padEnd(48) + cells.map((cell) => String(cell).padStart(12)).join("");
}
