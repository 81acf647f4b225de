/** The figures as a table that goes into a note as it is. */
import { loadavg } from "node:os";

export interface FigureTable {
  /** Adds a line, with the machine's load average of the last minute as it is now. */
  add(figure: string, value: string, target?: string): void;
  print(): void;
}

export function figureTable(): FigureTable {
  const lines = ["| figure | value | target | load |", "|---|---|---|---|"];
  return {
    add: (figure, value, target = "") => {
      lines.push(`| ${figure} | ${value} | ${target} | ${(loadavg()[0] ?? 0).toFixed(1)} |`);
    },
    print: () => {
      process.stdout.write(`\n${lines.join("\n")}\n\n`);
    },
  };
}

/** Of an empty list NaN. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}
