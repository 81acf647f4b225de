/** Sections of a shared file, by the text between their brackets; names of settings in lower case. */
export type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Reads the dialect of AWS's shared files: `[section]`, `name = value`, and comments on lines of their own or behind a
 * blank. Indented lines belong to the setting above, none of which we read. What is neither is skipped: another tool may
 * know it. Of settings given twice the last counts, of sections given twice the union.
 */
export function parseIni(text: string): Sections {
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    if (/^\s|^[#;]|^$/.test(line)) continue;
    const header = /^\[([^\]]*)\]/.exec(line)?.[1];
    if (header !== undefined) {
      const name = header.trim().replace(/\s+/g, " ");
      current = sections.get(name) ?? new Map<string, string>();
      sections.set(name, current);
      continue;
    }
    const equals = line.indexOf("=");
    if (equals < 0) continue;
    const value = line.slice(equals + 1).replace(/\s[#;].*$/, "");
    current?.set(line.slice(0, equals).trim().toLowerCase(), value.trim());
  }
  return sections;
}
