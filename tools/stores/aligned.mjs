// @ts-check

/**
 * @param {readonly (readonly string[])[]} lines of equal length
 * @returns {string[]} the first column to the left, the others to the right
 */
export function aligned(lines) {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines.map((line) =>
    line
      .map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}
