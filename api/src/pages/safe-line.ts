/** A line as a terminal would have ended up showing it, without the sequences that steer a terminal. */

/** Characters shown of one line. */
const longest = 2_000;
/** Characters looked at; steering sequences may take up most of them. */
const longestRaw = 32_000;

export function safeLine(raw: string): string {
  const line = raw
    .slice(0, longestRaw)
    .replace(/\r?\n$/, "")
    .replace(sequences, "");
  const text = overwritten(line);
  const left = Math.max(0, raw.length - longestRaw) + Math.max(0, text.length - longest);
  return left === 0 ? text : `${text.slice(0, longest)} … and ${left} more characters`;
}

/** Progress bars return to the start of the line and write over it: what was written last is what remains. */
function overwritten(line: string): string {
  const trimmed = line.replace(/\r+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("\r") + 1);
}

/**
 * ECMA-48: control sequences (colours, cursor), strings up to their terminator (titles, links), other escapes. Each
 * alternative stops at the next escape character, so the time is linear in the line.
 */
const sequences: RegExp = new RegExp(
  [
    String.raw`(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?`,
    String.raw`\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?`,
    String.raw`\x1b[ -/]*[0-~]?`,
  ].join("|"),
  "g",
);
