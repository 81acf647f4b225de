import { malformed } from "./failures.ts";

/** More fields than any store sends; a peer that goes on for ever must not fill the memory. */
const maxFields = 200;

const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** True for what may stand as a field's name. */
export function isFieldName(text: string): boolean {
  return fieldName.test(text);
}

/** True for what may stand as a field's value: Latin-1 without control characters. */
export function isFieldValue(text: string): boolean {
  return fieldValue.test(text);
}

/**
 * Header or trailer lines (without their line ends) by lower-case name, the values of a repeated name joined by ", ". Strict
 * as RFC 9112 section 5 lets a client be: no folded lines, no blank before the colon; each is a way to smuggle one field as
 * another. `lines` are read from `first` on.
 */
export function parseFields(lines: readonly string[], first = 0): Map<string, string> {
  if (lines.length - first > maxFields) throw malformed(`more than ${maxFields} header fields`);
  const fields = new Map<string, string>();
  for (let index = first; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const name = nameOf(line);
    const value = withoutBlanks(line, name.length + 1);
    if (!isFieldValue(value)) throw malformed("a control character in a header");
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}

/** Names as they were spelt, by which servers tell the same few over and over, and in lower case. */
const knownNames = new Map<string, string>();
const maxKnownNames = 256;

/** The name of a field, in lower case; throws `unavailable` for a line that does not begin with one. */
export function nameOf(line: string): string {
  const spelt = line.slice(0, Math.max(line.indexOf(":"), 0));
  const known = knownNames.get(spelt);
  if (known !== undefined) return known;
  if (!isFieldName(spelt)) throw malformed("a header line without a proper name");
  const name = spelt.toLowerCase();
  // Whoever makes up names must not fill the memory.
  if (knownNames.size < maxKnownNames && spelt.length <= maxKnownNames) knownNames.set(spelt, name);
  return name;
}

/** The values of the fields of that name, in the order they came; `lines` are known to be fields, from the second on. */
export function valuesOf(name: string, lines: readonly string[]): string[] {
  const values: string[] = [];
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    if (nameOf(line) === name) values.push(withoutBlanks(line, name.length + 1));
  }
  return values;
}

/** `line` from `start`, without blanks and tabs at either end. A pattern that does this takes quadratic time. */
function withoutBlanks(line: string, start: number): string {
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
